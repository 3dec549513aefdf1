/** What stands at the end of a verb's help: lines that can be pasted, and the exit codes that it does not name itself. */
interface Ending {
  readonly examples: readonly string[];
  readonly exits?: string;
}

const LOOKS = "Exit code 0; 2 if there is no such state folder, 4 if this user may not open it.";
const LISTS = "Exit code 0.";
const REMEDY = "Exit code 0 if it is valid, 2 if it is not or there is no such remedy.";

/** By the words that name the verb. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  serve: {
    examples: ["sudo breakglass serve --interface eth0", "sudo breakglass serve --interface eth0 --sealed --json"],
  },
  status: { examples: ["breakglass status", "breakglass status --watch"], exits: LOOKS },
  "campaign arm": {
    examples: ["breakglass campaign arm --remedy channel-file-291 --inventory devices.csv"],
    exits:
      "Exit code 0 if it is armed, 2 for a bad inventory or an unknown remedy, 3 if a\ncampaign is armed already, 4 if the ledger could not be written.",
  },
  "campaign halt": { examples: ['breakglass campaign halt --reason "wrong building"'] },
  "campaign confirm": {
    examples: ["breakglass campaign confirm 481-902"],
    exits:
      "Exit code 0 if the device is let in, 2 for a text that is no pairing code, 3 if\nno waiting device shows this code.",
  },
  "campaign status": { examples: ["breakglass campaign status --all"], exits: LOOKS },
  halt: { examples: ['breakglass halt --reason "wrong building"'] },
  "escrow init": {
    examples: ["breakglass escrow init", "breakglass escrow init --state /srv/rescue"],
    exits:
      "Exit code 0 if it was made, 2 without a passphrase, 3 if there is a vault\nalready, 4 if the folder could not be written.",
  },
  "escrow import": {
    examples: ["breakglass escrow import exports/", "breakglass escrow import keys.csv --report rows.csv"],
  },
  "escrow status": { examples: ["breakglass escrow status --max-age 26"] },
  "escrow sync ldap": {
    examples: ["breakglass escrow sync ldap --url ldaps://dc1.corp.example --user breakglass@corp.example --ca ca.pem"],
  },
  "escrow sync sftp": {
    examples: [
      "breakglass escrow sync sftp --url sftp://export@sftp.corp.example/exports/keys.csv --key id_ed25519 --trust-first",
    ],
  },
  "escrow release": {
    examples: [
      'breakglass escrow release --device WARD-0004 --reason "no network boot"',
      'breakglass escrow release --protector 42A00403 --reason "no network boot" --ticket INC-1042',
    ],
  },
  "escrow rotation list": {
    examples: ["breakglass escrow rotation list", "breakglass escrow rotation list --csv rotate.csv"],
    exits: LISTS,
  },
  "escrow rotation commands": { examples: ["breakglass escrow rotation commands --for entra"] },
  "escrow rotation done": { examples: ['breakglass escrow rotation done WARD-0004 --reason "device scrapped"'] },
  "escrow find": { examples: ["breakglass escrow find 42A00403", "breakglass escrow find WARD-0004"] },
  "escrow coverage": {
    examples: ["breakglass escrow coverage --inventory devices.csv --require 95 --html coverage.html"],
  },
  "escrow verify": { examples: ["breakglass escrow verify", "breakglass escrow verify --open --custodians"] },
  "escrow backup": { examples: ["breakglass escrow backup --out vault-backup.db"] },
  "escrow restore": { examples: ["breakglass escrow restore vault-backup.db"] },
  "escrow adopt-ledger": {
    examples: ['breakglass escrow adopt-ledger --reason "disk lost, ledger not in the backup"'],
  },
  "escrow rekey": { examples: ["breakglass escrow rekey"] },
  "escrow custodians split": {
    examples: ["breakglass escrow custodians split --threshold 2 --shares 3 --out cards.html"],
  },
  "escrow lock list": { examples: ["breakglass escrow lock list"], exits: LOOKS },
  "escrow lock remove": { examples: ["breakglass escrow lock remove 2 --custodians"] },
  "escrow unseal": { examples: ["sudo breakglass escrow unseal", "sudo breakglass escrow unseal --custodians"] },
  "ledger verify": {
    examples: ["breakglass ledger verify", "breakglass ledger verify ledger.jsonl"],
  },
  "ledger checkpoint": { examples: ["breakglass ledger checkpoint --html checkpoint.html"] },
  "ledger export": {
    examples: ["breakglass ledger export --out ledger.jsonl"],
    exits:
      "Exit code 0 if it was written, 2 if the file is there already or there is no\nledger, 4 if it could not be written.",
  },
  "ledger show": { examples: ["breakglass ledger show --tail 20"], exits: LOOKS },
  "remedy list": { examples: ["breakglass remedy list"], exits: LISTS },
  "remedy show": { examples: ["breakglass remedy show channel-file-291"], exits: REMEDY },
  "remedy check": { examples: ["breakglass remedy check my-remedy.json"], exits: REMEDY },
  "remedy undo": {
    examples: ["breakglass remedy undo manifest.json --drive D:"],
    exits: "Exit code 0 if they were printed, 2 if the file is no quarantine manifest.",
  },
  "image build": {
    examples: ["breakglass image build", "breakglass image build --architecture arm64 --update"],
    exits:
      "Exit code 0 if it was built, 2 for wrong input, 4 if this machine lacks a\npackage, or the mirror did not give the image's packages.",
  },
  "image verify": {
    examples: ["breakglass image verify", "breakglass image verify --image build/image-arm64"],
    exits: "Exit code 0 if every byte is right, 1 if something differs, 4 if there is no\nimage.",
  },
  "drill run": { examples: ["breakglass drill run", "breakglass drill run --scenario locked --firmware bios-x86"] },
  "drill list": { examples: ["breakglass drill list"], exits: LISTS },
  explain: { examples: ["breakglass explain boot.pcap", "breakglass explain boot.pcap --device 52:54:00:12:34:56"] },
  "token create": {
    examples: ["breakglass token create --name helpdesk --scope lookup --scope status --expires 30d"],
  },
  "token list": { examples: ["breakglass token list"] },
  "token revoke": { examples: ['breakglass token revoke helpdesk --reason "left the team"'] },
  "api serve": { examples: ["breakglass api serve", "breakglass api serve --port 8443 --sealed"] },
  "api describe": { examples: ["breakglass api describe"], exits: LISTS },
  "support-bundle": { examples: ["breakglass support-bundle", "breakglass support-bundle --out bundle.jsonl.gz"] },
};

/** The end of the help of the verb that these words name; empty for one that is not for people. */
export function helpEnding(words: readonly string[]): string {
  const ending = ENDINGS[words.join(" ")];
  if (ending === undefined) return "";
  const { examples, exits } = ending;
  const lines = [`Example${examples.length === 1 ? "" : "s"}:`, ...examples.map((line) => `  ${line}`)];
  return `\n${exits === undefined ? "" : `${exits}\n\n`}${lines.join("\n")}`;
}
