import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Guid, guidToBytes } from "../../src/wire/guid.ts";

export const BASE = "DC=corp,DC=example";
export const ADMIN = { user: "administrator@corp.example", password: "Passw0rd-of-the-domain" };
/** The programs it takes. */
export const NEEDS = ["samba", "samba-tool", "ldbadd", "openssl", "unshare", "nsenter", "ip"];

/** A recovery object, and the computer above it. */
export interface Escrowed {
  readonly computer: string;
  readonly protectorId: Guid;
  readonly password: string;
}

/**
 * A real Active Directory domain controller (Samba) on the loopback interface of a network of its own. Process and files go
 * with `stop`.
 */
export class DomainController {
  readonly folder = mkdtempSync(join(tmpdir(), "breakglass-dc-"));
  #process: ChildProcess | null = null;

  get ca(): string {
    return join(this.folder, "ca.pem");
  }
  get certificate(): string {
    return join(this.folder, "dc.pem");
  }
  get #database(): string {
    return join(this.folder, "private", "sam.ldb");
  }

  /** A new domain, its certificate signed by a CA of its own, for the name `localhost`. */
  provision(): void {
    const provision = ["domain", "provision", "--realm=CORP.EXAMPLE", "--domain=CORP", "--server-role=dc"];
    const options = ["--dns-backend=NONE", `--adminpass=${ADMIN.password}`, `--targetdir=${this.folder}`];
    const local = ["--option=interfaces=lo", "--option=bind interfaces only=yes"];
    this.#run("unshare", ["--net", "samba-tool", ...provision, ...options, ...local]);
    makeCertificate(this.folder, "dc", "DNS:localhost");
    const own = ["pid", "ncalrpc", "winbindd socket", "ntp signd socket"].map(
      (name) => `${name} dir${name === "ncalrpc" ? "" : "ectory"} = ${this.folder}/run`,
    );
    const tls = ["keyfile = dc.key", "certfile = dc.pem", "cafile = ca.pem"].map(
      (line) => `tls ${line.replace("= ", `= ${this.folder}/`)}`,
    );
    const settings = [...own, ...tls, "server services = ldap, kdc", `log file = ${this.folder}/log.%m`];
    appendFileSync(join(this.folder, "etc", "smb.conf"), `\n[global]\n${settings.join("\n")}\n`);
  }

  /** Wrong passwords are counted only where they lock an account one day. */
  countWrongPasswords(): void {
    const set = ["domain", "passwordsettings", "set", "--account-lockout-threshold=9"];
    this.#run("samba-tool", [...set, "-H", this.#database]);
  }

  async start(): Promise<void> {
    const samba = `ip link set lo up; exec samba -i -M single -s ${this.folder}/etc/smb.conf`;
    const own = ["--net", "--pid", "--fork", "--kill-child", "sh", "-c", samba];
    this.#process = spawn("unshare", own, { stdio: "ignore" });
    for (let tries = 0; tries < 300; tries++) {
      const answers = [...this.through, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/636"];
      if (spawnSync(answers[0]!, answers.slice(1), { stdio: "ignore" }).status === 0) return;
      await sleep(100);
    }
    throw new Error("the domain controller does not come up");
  }

  /** The command line that runs another one on its network. */
  get through(): readonly string[] {
    return ["nsenter", "--target", String(this.#process?.pid), "--net", "--"];
  }

  /** Puts objects into the directory, as LDIF. Also while it runs. */
  add(ldif: string): void {
    this.#run("ldbadd", ["-H", this.#database], ldif);
  }

  addRecords(records: readonly Escrowed[], unit = "Desktops"): void {
    this.add(records.map((each) => ldifOf(each, unit)).join(""));
  }

  /** A user, and its SID. */
  addUser(name: string, password: string): string {
    this.#run("samba-tool", ["user", "create", name, password, "-H", this.#database]);
    return /^objectSid: (\S+)$/m.exec(this.show(name, "objectSid"))![1]!;
  }

  show(user: string, attribute: string): string {
    return this.#run("samba-tool", ["user", "show", user, `--attributes=${attribute}`, "-H", this.#database]);
  }

  /** Adds access control entries, in SDDL, to an object. */
  allow(dn: string, sddl: string): void {
    const what = ["dsacl", "set", `--objectdn=${dn}`, "--action=allow", `--sddl=${sddl}`];
    this.#run("samba-tool", [...what, "-H", this.#database]);
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process?.once("close", resolve) ?? resolve(null));
    // unshare's end is that of everything it started.
    this.#process?.kill("SIGKILL");
    await gone;
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(program: string, args: readonly string[], input = ""): string {
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: "utf8",
      input,
      timeout: 60_000,
      // Settings of this machine's own Samba are not this domain's.
      env: { ...process.env, ...(this.#process !== null && { SMB_CONF_PATH: join(this.folder, "etc", "smb.conf") }) },
    });
    if (status !== 0) throw new Error(`${program} ${args[0]}: ${stderr}\n${stdout}`);
    return stdout;
  }
}

function ldifOf({ computer, protectorId, password }: Escrowed, unit: string): string {
  const parent = `CN=${computer.replaceAll(",", "\\,")},OU=${unit},${BASE}`;
  const account = `${computer.replace(/[^A-Za-z0-9-]/g, "").slice(0, 15)}$`;
  const guid = Buffer.from(guidToBytes(protectorId)).toString("base64");
  return [
    `dn: ${parent}\nobjectClass: computer\nsAMAccountName: ${account}\n`,
    `dn: CN=2024-05-14T09:21:33-00:00{${protectorId}},${parent}`,
    "objectClass: msFVE-RecoveryInformation",
    `msFVE-RecoveryGuid:: ${guid}`,
    "msFVE-VolumeGuid:: AAAAAAAAAAAAAAAAAAAAAA==",
    `msFVE-RecoveryPassword: ${password}\n\n`,
  ].join("\n");
}

/** A CA (`ca.pem`), and a certificate that it signed (`NAME.pem`, `NAME.key`), in a folder. */
export function makeCertificate(folder: string, name: string, alternative: string): void {
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA");
  openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", "/CN=dc1.corp.example");
  writeFileSync(join(folder, "extension"), `subjectAltName=${alternative}\n`);
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extension"];
  openssl("x509", "-req", "-in", `${name}.csr`, ...signed, "-days", "2", "-out", `${name}.pem`);
}
