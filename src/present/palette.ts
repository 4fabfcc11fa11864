/** The colours of all pages, for light and dark: a style sheet's beginning. */
export const PALETTE = `:root {
  color-scheme: light dark;
  --paper: light-dark(#f7f6f3, #141615);
  --sheet: light-dark(#ffffff, #1c1f1e);
  --sunk: light-dark(#f1f0ec, #171918);
  --line: light-dark(#e2e0d9, #303433);
  --line-strong: light-dark(#8b8a82, #7a807d);
  --ink: light-dark(#1d1f1e, #eceeec);
  --soft: light-dark(#5c605d, #a7aeaa);
  --accent: light-dark(#17615c, #6cc9bf);
  --accent-ink: light-dark(#ffffff, #0b2220);
  --accent-wash: light-dark(#e3f0ee, #16302d);
  --good: light-dark(#23693c, #7cce97);
  --good-wash: light-dark(#e5f3e9, #17301f);
  --warn: light-dark(#80510a, #e7b562);
  --warn-wash: light-dark(#fbf0da, #372a12);
  --bad: light-dark(#a52a26, #f2928b);
  --bad-wash: light-dark(#fceae8, #3b1d1b);
  --person: light-dark(#3c4fa0, #a6b5f7);
  --person-wash: light-dark(#eaedfa, #20264a);
  --shadow: 0 1px 2px light-dark(rgb(30 28 20 / 6%), rgb(0 0 0 / 30%));
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
`;
