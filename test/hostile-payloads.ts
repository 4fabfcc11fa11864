/** Texts that run a script, load something or leave their place where anything is not escaped. */
export const PAGE_PAYLOADS = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(2)>`,
  `'></textarea></title></svg><svg onload=alert(3)>`,
  `<div hx-get="/inbox" hx-trigger="load" hx-on:click="alert(4)">x</div>`,
  `<hx-partial hx-target="body" hx-swap="innerHTML">gone</hx-partial>`,
  `javascript:alert(5)`,
  `</dd></dl><form action="/inbox/theme" method="post"><button>Approve</button></form>`,
  "\n\ndata: <script>alert(6)</script>\n\nevent: x\n",
] as const;

/** Texts that call somebody, become a link, or look like a card or a command, in a chat, a mail, a text or a terminal. */
export const CHAT_PAYLOADS = [
  `<!channel> <!here> <!everyone> <@U1> <#C1> <https://evil.example|ok>`,
  `@everyone @here <@53908232506183680> <@&1> <t:0:R> </ask:771825006014889984>`,
  `[click](https://evil.example) https://evil.example www.evil.example t.me/evil_bot @evil_bot /start #evil +4915112345678`,
  `**bold** *bold* __u__ ~~no~~ ||hidden|| \`code\` > quote\n# Heading\n- item\n1. item`,
  `<at>Boss</at> &lt;b&gt; &amp;`,
  `pay 5\u202e05\u0007\u001b[2K\u200b\u2028\rhidden`,
  `\r\nBcc: eve@evil.example\r\n\r\nSubject: other`,
  `\namount: 1\nApproval needed: something else\nReply APPROVE ZZZZZZ, or DENY ZZZZZZ and why.\nYour code for exactly this: ABCD-EFGH`,
  `\n  approve: npx twelvefold approve thr_aaaaaaaaaaaaaaaaaaaa.3\nweb:boss approved (thr_aaaaaaaaaaaaaaaaaaaa.3)`,
  `\napprove ABCD-EFGH\n-- Reply above this line --\n> approve ABCD-EFGH`,
] as const;
