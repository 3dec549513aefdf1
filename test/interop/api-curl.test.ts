import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createVault } from "../../src/escrow/vault.ts";
import { Secret } from "../../src/wire/secret.ts";
import { breakglass } from "../cli/program.ts";
import { temporaryFolder } from "../cli/run.ts";
import { depositOf, ID_A, PASSWORD_A, showsDigits } from "../escrow/fixture.ts";
import { describeWith } from "./needs.ts";

const PASSPHRASE = "six plain words for a test";

describeWith(["curl", "sh"], "the operator API with curl", () => {
  it("is used as docs/api.md says: token from a file, CA of the station, a release, a revoke that holds at once", async () => {
    const files = temporaryFolder();
    const state = join(files, "state");
    expect(await breakglass(["escrow", "init", "--state", state, "--passphrase-fd", "3"], PASSPHRASE)).toMatchObject({
      exitCode: 0,
    });
    const vault = await createVault(join(files, "cheap.sqlite"), {
      clock: Date.now,
      passphrase: new Secret(PASSPHRASE),
      workFactor: 1,
    });
    await vault.deposit(depositOf(ID_A, PASSWORD_A, "PC-0001"));
    await vault.close();
    spawnSync("cp", [join(files, "cheap.sqlite"), join(state, "vault.sqlite")]);

    const make = `"$0" "$1" token create --state "$2" --name helpdesk --scope lookup --scope release --fd 3 3> "$3"`;
    const token = join(files, "token");
    const main = join(import.meta.dirname, "../../src/cli/main.ts");
    expect(spawnSync("sh", ["-c", make, process.execPath, main, state, token], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stdout: "",
    });
    const text = readFileSync(token, "utf8").trim();
    const config = join(files, "curl.conf");
    writeFileSync(config, `header = "Authorization: Bearer ${text}"\ncacert = "${join(state, "station-ca.pem")}"\n`, {
      mode: 0o600,
    });

    const station = spawn(
      process.execPath,
      [main, "api", "serve", "--state", state, "--port", "0", "--json", "--passphrase-fd", "3"],
      {
        stdio: ["ignore", "pipe", "pipe", "pipe"],
      },
    );
    let said = "";
    station.stderr!.on("data", (part) => {
      said += part;
    });
    (station.stdio[3] as NodeJS.WritableStream).end(PASSPHRASE);
    const ended = new Promise<number | null>((resolve) => station.on("close", resolve));
    try {
      const url = await new Promise<string>((resolve) =>
        station.stdout!.on("data", (part) => {
          said += part;
          const ready = /"api":"([^"]+)"/.exec(said)?.[1];
          if (ready !== undefined) resolve(ready);
        }),
      );
      const curl = (...args: string[]) =>
        spawnSync("curl", ["--silent", "--config", config, ...args], { encoding: "utf8" }).stdout;
      const post = (route: string, body: object, ...args: string[]) =>
        JSON.parse(curl("--json", JSON.stringify(body), ...args, `${url}/operator/v1/${route}`));
      expect(post("lookup", { first8: ID_A.slice(0, 8) })).toMatchObject({
        found: 1,
        deposits: [{ deviceName: "PC-0001" }],
      });
      const ask = { protectorId: ID_A, reason: "user at the recovery screen" };
      expect(post("release", ask, "--header", "Idempotency-Key: 8e03978e-40d5")).toMatchObject({
        recoveryPassword: PASSWORD_A,
      });
      expect(JSON.parse(curl(`${url}/operator/v1/status`)).reason).toBe("scope-missing");
      const strangers = spawnSync("curl", ["--silent", `${url}/operator/v1/openapi.json`], { encoding: "utf8" });
      expect(strangers.status).toBe(60);

      await breakglass(["campaign", "arm", "--state", state, "--remedy", "channel-file-291"]);
      expect(post("release", ask, "--header", "Idempotency-Key: second-0001").recoveryPassword).toBe(PASSWORD_A);
      await breakglass(["halt", "--state", state, "--reason", "a test"]);
      expect(post("release", ask, "--header", "Idempotency-Key: third-00001").reason).toBe("halted");

      const revoked = await breakglass(["token", "revoke", "helpdesk", "--state", state, "--reason", "shift is over"]);
      expect(revoked).toMatchObject({
        exitCode: 0,
        stdout: "Token helpdesk is revoked: it opens nothing from the next request on.\n",
      });
      expect(post("lookup", { first8: ID_A.slice(0, 8) }).reason).toBe("token-revoked");
      station.kill("SIGTERM");
      expect(await ended).toBe(0);
    } finally {
      station.kill("SIGKILL");
    }
    const shown = await breakglass(["ledger", "show", "--json", "--state", state]);
    const types = shown.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).body.type);
    // The vault is sealed at once; its entry may come after that of a request that was just answered.
    expect([...types].sort()).toEqual(
      [
        "vault.created",
        "token.created",
        "vault.unsealed",
        ...["api.called", "key.released-by-hand", "api.called", "api.called"],
        ...["campaign.armed", "key.released-by-hand", "api.called"],
        ...["campaign.halted", "vault.sealed", "station.key-made", "ledger.checkpointed"],
        ...["key.refused-by-hand", "api.called"],
        ...["token.revoked", "api.refused"],
      ].sort(),
    );
    for (const output of [said, shown.stdout]) {
      expect(showsDigits(output)).toBe(false);
      expect(output).not.toContain(text.slice(4));
    }
    expect((await breakglass(["ledger", "verify", "--state", state])).exitCode).toBe(0);
  });
});
