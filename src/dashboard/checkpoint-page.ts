import { type Checkpoint, checkpointText } from "../ledger/checkpoint.ts";
import { type Html, html, htmlPage } from "./html.ts";
import { qrCode, symbolSvg } from "./symbol.ts";

/** Hex digits as people compare them: groups of four, eight groups to a line. */
export function hexLines(hex: string): string[] {
  const groups = hex.match(/.{1,4}/g) ?? [];
  return Array.from({ length: Math.ceil(groups.length / 8) }, (_, line) =>
    groups.slice(8 * line, 8 * line + 8).join(" "),
  );
}

const STYLE = `
:root { color-scheme: light; --soft:#5c626b; --line:#b9bec6; --panel:#f5f6f8 }
* { box-sizing:border-box }
body { font:15px/1.45 system-ui,"Segoe UI",Roboto,sans-serif; color:#1b1d21; background:#fff; margin:0 auto; max-width:800px; padding:28px 24px 40px }
h1 { font-size:25px; margin:0 0 2px } h2 { font-size:16px; margin:22px 0 6px } p { margin:5px 0; max-width:80ch } .soft { color:var(--soft) }
code,.mono { font:14px/1.5 ui-monospace,Consolas,"DejaVu Sans Mono",monospace; overflow-wrap:anywhere }
.head { background:var(--panel); border-left:8px solid #1f5fa8; padding:12px 18px; margin:14px 0 } .head b { font-size:21px } .head .mono { font-size:18px; white-space:pre }
.both { display:grid; grid-template-columns:auto 1fr; gap:22px; align-items:start } svg { width:246px; height:246px; border:1px solid var(--line) }
table { border-collapse:collapse; width:100% } th,td { text-align:left; vertical-align:top; padding:4px 10px 4px 0; border-bottom:1px solid var(--line) } th { color:var(--soft); font-weight:600; white-space:nowrap }
.sign { table-layout:fixed } .sign td { height:50px; vertical-align:bottom; border-bottom:1px solid #1b1d21; color:var(--soft); font-size:13px } .sign td+td { border-left:14px solid #fff }
.small { font-size:11.5px; line-height:1.35 }
@media screen and (max-width:640px) { body { padding:16px 14px 40px } .both { grid-template-columns:1fr } .head { padding:12px } .head .mono { font-size:15px; white-space:normal } svg { max-width:100% } }
@page { size:A4; margin:14mm } @media print { body { max-width:none; padding:0; font-size:10.5pt } .head { print-color-adjust:exact; -webkit-print-color-adjust:exact } h2,table,.both,.head { break-inside:avoid } }
`;

/**
 * One page for two people to sign and put in the safe: what the ledger was, when, and how to hold it against the ledger
 * later. One file without anything from outside. `printedBy`: who had it made.
 */
export async function checkpointPage(checkpoint: Checkpoint, printedBy: string): Promise<string> {
  const { ledgerId, seq, hash, at, station, publicKey } = checkpoint;
  const text = checkpointText(checkpoint);
  const when = `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const mono = (text: string) => html`<span class="mono">${text}</span>`;
  const rows: [string, string | Html | readonly Html[]][] = [
    ["Station", station],
    ["Signed at", `${when}, by the station's clock`],
    ["By", printedBy],
    ["Ledger", mono(ledgerId)],
    ["Station key", hexLines(publicKey).map((line) => html`<div class="mono">${line}</div>`)],
  ];
  const line = (who: string) =>
    html`<tr>${[who, "Date, time", "Signature"].map((each) => html`<td>${each}</td>`)}</tr>`;
  return htmlPage(`Ledger checkpoint ${seq}, ${station}`, STYLE, [
    html`<h1>Ledger checkpoint</h1>`,
    html`<p class="soft">What a rescue station had on record at this moment. Keep it away from the station: it shows later whether any of these ${seq} entries was changed, taken out or put in.</p>`,
    html`<div class="head"><b>Entry ${seq}</b>${hexLines(hash).map((each) => html`<div class="mono">${each}</div>`)}</div>`,
    html`<div class="both">${symbolSvg(await qrCode(text), 3)}<table>${rows.map(([what, value]) => html`<tr><th>${what}</th><td>${value}</td></tr>`)}</table></div>`,
    html`<h2>Signed by two people who saw this number and hash on the station's screen</h2>`,
    html`<table class="sign">${line("Name")}${line("Name")}</table>`,
    html`<h2>How to check the ledger against it</h2>`,
    html`<p>Scan the symbol into a file, then, with the ledger or an export of it:</p>`,
    html`<p><code>breakglass ledger verify --checkpoint FILE --station-key ${publicKey}</code></p>`,
    html`<p>Without a scanner, by number and hash: <code>breakglass ledger verify --expect ${seq}:${hash}</code></p>`,
    html`<p>Without breakglass: docs/formats/ledger.md has a short script and the commands for openssl.</p>`,
    html`<h2>What the symbol says</h2>`,
    html`<p class="mono small">${text}</p>`,
  ]);
}
