import { PALETTE } from "../../present/palette.ts";

/** The style of a report's page. */
export const PAGE_STYLE = `${PALETTE}* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Inter, Arial, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 2.5rem 1rem 4rem; }
header { margin-bottom: 2rem; }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.018em; }
h2 { margin: 0 0 .75rem; font-size: 1.1rem; }
p { margin: 0 0 .5rem; }
.soft, .axis, figcaption { color: var(--soft); }
a { color: var(--accent); text-underline-offset: 3px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
section { margin: 0 0 1.25rem; padding: 1.25rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.badge { display: inline-block; padding: .15rem .7rem; border-radius: 99px; font-weight: 600; font-size: .95rem; }
.badge.good { color: var(--good); background: var(--good-wash); }
.badge.bad { color: var(--bad); background: var(--bad-wash); }
ul { margin: .75rem 0 0; padding-left: 1.2rem; } li { margin: .2rem 0; }
.reasons li { color: var(--bad); }
.plots { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.plots section { margin: 0; } .plots { margin-bottom: 1.25rem; }
figure { margin: 0; } figcaption { margin-bottom: .75rem; font-size: .9rem; }
.row { margin-bottom: .9rem; }
.label { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; font-size: .92rem; }
.figure { font-variant-numeric: tabular-nums; color: var(--soft); }
.plot svg { display: block; width: 100%; height: 26px; overflow: visible; }
.plot path { fill: none; vector-effect: non-scaling-stroke; }
.grid { stroke: var(--line); stroke-width: 1; }
.rule { stroke: var(--line-strong); stroke-width: 1.5; stroke-dasharray: 3 3; }
.range { stroke-width: 4; stroke-linecap: round; opacity: .55; }
.dot { stroke-width: 12; stroke-linecap: round; }
.tick { stroke-width: 1.5; opacity: .4; }
.accent { stroke: var(--accent); } .good { stroke: var(--good); } .bad { stroke: var(--bad); } path.soft { stroke: var(--soft); }
.axis { position: relative; height: 1.4rem; font-size: .8rem; font-variant-numeric: tabular-nums; }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.axis span:first-child { transform: none; } .axis span:last-child { transform: translateX(-100%); }
.cells { display: flex; flex-wrap: wrap; gap: 3px; margin: .4rem 0 1rem; }
.cell { display: grid; place-items: center; width: 22px; height: 22px; border-radius: 5px; font: 600 13px/1 var(--mono); text-decoration: none; border: 1px solid transparent; }
.cell.pass { color: var(--good); background: var(--good-wash); }
.cell.fail { color: var(--sheet); background: var(--bad); }
.cell.part { color: var(--warn); background: var(--warn-wash); border-color: var(--warn); }
.cell.known { color: var(--soft); background: var(--sunk); border: 1px dashed var(--line-strong); }
.cell.none { color: var(--soft); background: var(--sunk); border-color: var(--line); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .85rem; color: var(--soft); }
.legend > span { display: inline-flex; align-items: center; gap: .35rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
table { overflow-wrap: normal; } th { text-align: left; font-weight: 600; color: var(--soft); white-space: nowrap; } th, td { padding: .4rem .9rem .4rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
.bars { display: flex; align-items: flex-end; gap: 6px; height: 84px; margin: .3rem 0 .9rem; }
.bars div { flex: 1; max-width: 3rem; display: flex; flex-direction: column; justify-content: flex-end; height: 100%; text-align: center; font-size: .75rem; color: var(--soft); }
.bars i { display: block; background: var(--accent); border-radius: 4px 4px 0 0; min-height: 2px; }
details { border-top: 1px solid var(--line); padding: .65rem 0; } details:first-of-type { border-top: 0; }
summary { cursor: pointer; font-weight: 600; } summary .soft { font-weight: 400; font-size: .88rem; }
details :target, details:target { background: var(--accent-wash); }
pre { margin: .5rem 0 .75rem; padding: .75rem; overflow: auto; max-height: 20rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .82rem/1.5 var(--mono); background: var(--sunk); border-radius: 8px; }
.chip { display: inline-block; padding: 0 .5rem; border-radius: 6px; font-size: .78rem; font-weight: 600; background: var(--sunk); color: var(--soft); }
.chip.must { color: var(--bad); background: var(--bad-wash); }
footer { color: var(--soft); font-size: .88rem; }
`;
