import { type Share, shareText } from "../escrow/locks/share.ts";
import { type Html, html, htmlPage } from "./html.ts";
import { qrCode, symbolSvg, symbolText } from "./symbol.ts";

/** A share's text in its groups: `BG1`, then thirteen of six characters. */
export function shareGroups(share: Share): readonly string[] {
  return shareText(share).reveal().split(" ");
}

/** "any 3 of 5 shares open vault 3FD3ED41" */
function whatItOpens({ threshold, shares, vault }: Share): string {
  return `any ${threshold} of ${shares} shares open vault ${vault}`;
}

/**
 * All cards of a set as one self-contained HTML file, one printed page each. `madeOn` is a date for people. It holds the
 * whole key: whoever writes it says that it has to be destroyed.
 */
export async function shareCardsPage(cards: readonly Share[], madeOn: string): Promise<string> {
  const { setId, vault } = cards[0]!;
  return htmlPage(`Share cards, set ${setId}, vault ${vault}`, STYLE, [
    html`<p class="warning">Print this file now, check that every code can be read, then destroy it (<code>shred -u</code>): it holds all shares. Use a printer that keeps no copies. This note is not printed.</p>`,
    ...(await Promise.all(cards.map((card) => page(card, madeOn)))),
  ]);
}

async function page(card: Share, madeOn: string): Promise<Html> {
  const { number, shares, setId, vault } = card;
  const [mark, ...groups] = shareGroups(card);
  const symbol = symbolSvg(await qrCode([mark, ...groups].join("")), 5);
  const cells = groups.map((group, index) => html`<li><small>${index + 1}</small>${group}</li>`);
  return html`<section>
    <header><h1>Share ${number} <span>of ${shares}</span></h1><p>${whatItOpens(card)}</p></header>
    <div class="share"><ol><li class="mark"><small>&nbsp;</small>${mark}</li>${cells}</ol><figure>${symbol}</figure></div>
    <dl><dt>Set</dt><dd>${setId}</dd><dt>Vault</dt><dd>${vault}</dd><dt>Made on</dt><dd>${madeOn}</dd></dl>
    <h2>What this is</h2>
    <p>A part of the key to this organisation's BitLocker recovery passwords, for the day when its machines no longer start. Alone it opens nothing.</p>
    <h2>What to do with it</h2>
    <ul>
      <li>Keep it sealed, where you can reach it without a computer, and not with another custodian's share.</li>
      <li>When the station asks for shares, type or scan it there yourself. Nobody else needs to see it. Do not send it, and do not take a picture of it.</li>
      <li>If the card is lost, or another person saw it: report it at once. New cards take a minute (<code>breakglass escrow custodians split</code>), and this card then no longer opens the vault.</li>
      <li>When you get a newer card, destroy this one.</li>
    </ul>
    <footer><div>Custodian's name</div><div>Date and signature</div></footer>
  </section>`;
}

/** One card for a terminal. */
export async function shareCardText(card: Share, madeOn: string): Promise<string> {
  const [mark, ...groups] = shareGroups(card);
  const cells = groups.map((group, index) => `${String(index + 1).padStart(2)}  ${group}`);
  const lines = [0, 5, 10].map((from) => `    ${cells.slice(from, from + 5).join("    ")}`);
  return [
    `Share ${card.number} of ${card.shares}: ${whatItOpens(card)}. Set ${card.setId}, made on ${madeOn}.`,
    "",
    `    ${mark}, then`,
    ...lines,
    "",
    symbolText(await qrCode([mark, ...groups].join(""))),
  ].join("\n");
}

const STYLE = `
* { box-sizing:border-box }
body { font:16px/1.5 system-ui,"Segoe UI",Roboto,sans-serif; color:#1b1d21; background:#fff; margin:0 auto; max-width:820px; padding:20px }
.warning { border-left:8px solid #a11b13; background:#f5f6f8; padding:12px 16px }
section { border:1px solid #d9dce1; padding:28px 32px; margin:24px 0; display:flex; flex-direction:column; min-height:26cm; break-after:page; break-inside:avoid }
section:last-of-type { break-after:auto }
header { display:flex; justify-content:space-between; align-items:baseline; border-bottom:2px solid #1b1d21 } header p { margin:0 }
h1 { font-size:44px; line-height:1.2; margin:0 } h1 span { font-size:24px; font-weight:400 } h2 { font-size:17px; margin:18px 0 2px }
.share { display:flex; gap:24px; align-items:flex-start; margin:24px 0 8px }
ol { list-style:none; margin:0; padding:0; display:grid; grid-template-columns:repeat(3,max-content); gap:8px 26px }
li { margin:0 } ol li { font:600 25px/1.2 ui-monospace,Consolas,"DejaVu Sans Mono",monospace; letter-spacing:.04em } ol small { display:block; font:12px/1.2 system-ui,sans-serif; color:#5c626b } .mark { grid-column:1/-1 }
figure { margin:0 0 0 auto } figure svg { display:block; width:215px; height:215px }
dl { display:flex; gap:8px 14px; margin:8px 0 } dt { color:#5c626b } dd { margin:0 18px 0 0; font-weight:600 }
p { margin:4px 0 } ul { margin:4px 0; padding-left:20px }
footer { display:flex; gap:32px; margin-top:auto; padding-top:70px } footer div { flex:1; border-top:1px solid #1b1d21; padding-top:4px; color:#5c626b }
@media screen and (max-width:640px) { body { padding:12px } section { padding:16px; min-height:0 } header,dl,.share { flex-wrap:wrap } ol { grid-template-columns:repeat(2,max-content); gap:8px 24px } ol li { font-size:22px } dd { margin-right:10px } figure { margin:0 } }
@media print { body { max-width:none; padding:0; font-size:11pt } .warning { display:none } section { border:0; padding:0; margin:0; min-height:22.5cm } @page { margin:1.6cm } }
`;
