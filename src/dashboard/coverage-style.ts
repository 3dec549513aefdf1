/** The coverage page's style: calm on a screen, whole on paper, and told by more than colour. Nothing from outside. */
export const COVERAGE_STYLE = `
:root { color-scheme:light dark; --ink:#1b1d21; --paper:#fff; --soft:#5c626b; --line:#dcdfe4; --panel:#f5f6f8; --covered:#3c7d5c; --doubtful:#d9a441; --missing:#a33a32; --plain:#4a6f95 }
@media (prefers-color-scheme:dark) { :root { --ink:#e7e9ec; --paper:#14161a; --soft:#9aa1ab; --line:#343941; --panel:#1d2026; --covered:#6bb38d; --doubtful:#e0b45c; --missing:#e0776d; --plain:#7fa6cf } }
* { box-sizing:border-box }
body { font:16px/1.5 system-ui,"Segoe UI",Roboto,sans-serif; color:var(--ink); background:var(--paper); margin:0 auto; max-width:1000px; padding:28px 22px 60px }
h1 { font-size:26px; line-height:1.25; margin:0 0 2px } h2 { font-size:19px; margin:36px 0 4px } h3 { font-size:16px; margin:26px 0 2px }
p { margin:4px 0 8px; max-width:78ch } .soft { color:var(--soft) } .mono { font:13px/1.45 ui-monospace,Consolas,"DejaVu Sans Mono",monospace; overflow-wrap:anywhere }
.verdict { display:flex; gap:8px 24px; align-items:center; flex-wrap:wrap; background:var(--panel); border-left:8px solid var(--plain); padding:14px 20px; margin:18px 0 }
.verdict.reached { border-color:var(--covered) } .verdict.short { border-color:var(--missing) }
.verdict b { font-size:40px; line-height:1.1; font-variant-numeric:tabular-nums } .verdict div { flex:1 1 320px; font-size:17px }
svg { display:block; width:100%; height:auto } svg text { font:14px system-ui,sans-serif; fill:var(--ink); text-anchor:middle } svg text.soft { fill:var(--soft); font-size:13px }
.covered { fill:var(--covered) } .missing { fill:var(--missing) } .plain { fill:var(--plain) } .doubtful { fill:var(--doubtful) } .late { fill:url(#late) } .late path,.late-line { stroke:var(--paper) }
.legend { display:flex; flex-wrap:wrap; gap:4px 28px; margin:8px 0 0; padding:0; list-style:none } .legend i { display:inline-block; width:13px; height:13px; margin-right:8px; vertical-align:-1px }
i.covered { background:var(--covered) } i.doubtful { background:repeating-linear-gradient(45deg,var(--doubtful) 0 4px,var(--paper) 4px 5.5px) } i.missing { background:var(--missing) }
table { border-collapse:collapse; width:100%; margin:6px 0 12px; font-size:15px } th,td { text-align:left; vertical-align:top; padding:5px 14px 5px 0; border-bottom:1px solid var(--line); overflow-wrap:break-word } td.mono { overflow-wrap:anywhere }
th { color:var(--soft); font-weight:600; font-size:14px } thead { display:table-header-group } tr { break-inside:avoid } td.number,th.number { text-align:right; white-space:nowrap; overflow-wrap:normal; font-variant-numeric:tabular-nums } td.name { font-weight:600; white-space:nowrap; overflow-wrap:normal } td.bar { width:46%; padding-top:11px }
.word { font-weight:700; white-space:nowrap } td.word { overflow-wrap:normal } .word.is-missing { color:var(--missing) } .word.is-doubtful { color:#8a6414 } .word.is-covered { color:var(--soft); font-weight:400 }
@media (prefers-color-scheme:dark) { .word.is-doubtful { color:var(--doubtful) } }
details { margin:6px 0 } summary { cursor:pointer } .names { columns:4 150px; font-size:14px; margin:8px 0 } .names span { display:block; break-inside:avoid; overflow-wrap:anywhere }
.caution { border-left:4px solid var(--doubtful); padding-left:12px; margin:14px 0 } .sign,.on-paper { display:none }
@media (max-width:640px) { .wide { display:none } td.name { white-space:normal } th,td { padding-right:8px; overflow-wrap:anywhere } }
@media print { :root { --ink:#000; --paper:#fff; --soft:#444; --line:#ccc; --panel:#f5f6f8; --covered:#3c7d5c; --doubtful:#d9a441; --missing:#a33a32; --plain:#4a6f95 } @page { margin:16mm }
 body { max-width:none; padding:0; font-size:10.5pt; -webkit-print-color-adjust:exact; print-color-adjust:exact } table { font-size:9.5pt } h2,h3 { break-after:avoid } .keep { break-inside:avoid } details { display:none } .on-paper { display:block }
 .sign { display:flex; gap:24px; margin-top:40px; break-inside:avoid } .sign span { flex:1; border-top:1px solid #000; padding-top:4px; color:#444 } }
`;
