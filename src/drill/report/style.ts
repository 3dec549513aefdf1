/** The report page's style: readable at 4 a.m. on a bad screen, and on paper. No fonts, scripts or files from outside. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink:#1b1d21; --paper:#fff; --soft:#5c626b; --line:#d9dce1; --good:#1e6b24; --bad:#a11b13; --wait:#7a5a00; --panel:#f5f6f8; }
@media (prefers-color-scheme: dark) { :root { --ink:#e7e9ec; --paper:#14161a; --soft:#9aa1ab; --line:#343941; --good:#7fce86; --bad:#ff8a80; --wait:#e5c04f; --panel:#1d2026; } svg text { fill:#cfd3d9 } svg g text { fill:#fff } }
* { box-sizing:border-box }
body { font:16px/1.5 system-ui,"Segoe UI",Roboto,sans-serif; color:var(--ink); background:var(--paper); margin:0 auto; max-width:1040px; padding:24px 20px 60px }
h1 { font-size:26px; line-height:1.25; margin:0 0 4px } h2 { font-size:20px; margin:40px 0 6px } h3 { font-size:16px; margin:26px 0 6px }
p { margin:6px 0; max-width:75ch } .soft { color:var(--soft) } code,.mono { font:13.5px/1.45 ui-monospace,Consolas,"DejaVu Sans Mono",monospace; overflow-wrap:anywhere }
.verdict { border-left:8px solid var(--good); background:var(--panel); padding:14px 18px; margin:18px 0 } .verdict.failed { border-color:var(--bad) }
.verdict b { font-size:20px }
.figures { display:grid; grid-template-columns:repeat(auto-fit,minmax(190px,1fr)); gap:10px; margin:14px 0 } .figures div { background:var(--panel); padding:8px 16px 10px; min-width:150px } .figures b { display:block; font-size:22px }
table { border-collapse:collapse; width:100%; margin:8px 0 14px; font-size:15px } th,td { text-align:left; vertical-align:top; padding:5px 10px 5px 0; border-bottom:1px solid var(--line) } th { color:var(--soft); font-weight:600 }
table.checks td:nth-child(2) { width:45% } td.word { white-space:nowrap; font-weight:700 } .good { color:var(--good) } .bad { color:var(--bad) } .wait { color:var(--wait) } td.time { white-space:nowrap; font-variant-numeric:tabular-nums; color:var(--soft) }
svg.bar { width:100%; height:auto; margin:6px 0 } svg text { font:13px system-ui,sans-serif; text-anchor:middle }
figure { margin:12px 0 } figure img { max-width:100%; height:auto; border:1px solid var(--line); background:#000 } figcaption { color:var(--soft); font-size:14px }
details { margin:6px 0 } summary { cursor:pointer; color:var(--soft) }
td { overflow-wrap:anywhere } td.word,td.time { overflow-wrap:normal }
@media screen and (max-width:640px) { body { padding:16px 14px 40px } table.checks tr,table.checks td { display:block; border:0; padding:0 } table.checks td:nth-child(2) { width:auto } table.checks tr { border-bottom:1px solid var(--line); padding:6px 0 } table.checks tr:first-child { display:none } svg text { font-size:22px } }
@media print { @page { margin:15mm } body { max-width:none; padding:0; font-size:10.5pt } table { font-size:9.5pt } h2,h3,summary { break-after:avoid } figure,svg,tr,.verdict,.figures { break-inside:avoid } figure img { max-height:75mm }
 details::details-content { content-visibility:visible; display:block; height:auto } summary { list-style:none } }
`;
