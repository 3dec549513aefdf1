import { describe, expect, test } from "vitest";
import { firstThatWorks } from "../../src/sync/attempts.ts";
import { parseLdapUrl } from "../../src/sync/ldap-server.ts";
import { newestExport } from "../../src/sync/newest-export.ts";
import { parseSftpUrl } from "../../src/sync/sftp-server.ts";
import { SyncFailure, type SyncReason } from "../../src/sync/sync-failure.ts";

describe("a server's address", () => {
  test("of a domain controller is ldaps, or ldap with StartTLS, and nothing beside name and port", () => {
    expect(parseLdapUrl("ldaps://dc1.corp.example", false)).toMatchObject({
      host: "dc1.corp.example",
      port: 636,
      startTls: false,
    });
    expect(parseLdapUrl("ldap://[::1]:3890/", true)).toMatchObject({ host: "::1", port: 3890, startTls: true });
    expect(() => parseLdapUrl("ldap://dc1", false)).toThrow(/in the clear/);
    for (const text of ["dc1", "https://dc1", "ldaps://a:b@dc1", "ldaps://dc1/DC=x", "ldaps://dc1?x"])
      expect(() => parseLdapUrl(text, true), text).toThrow(/Nothing was asked/);
  });

  test("of an export has an account and a path, and never a password", () => {
    expect(parseSftpUrl("sftp://ex%40corp@h:2222/a%20b/c.csv")).toEqual({
      url: "sftp://h:2222/a%20b/c.csv",
      host: "h",
      port: 2222,
      user: "ex@corp",
      path: "/a b/c.csv",
    });
    expect(parseSftpUrl("sftp://e@h/~/c.csv").path).toBe("c.csv");
    for (const text of [
      "sftp://e:hunter2@h/x",
      "sftp://h/x",
      "sftp://e@h",
      "sftp://e@h/",
      "ftp://e@h/x",
      "x",
      "sftp://e@h/%",
    ])
      expect(() => parseSftpUrl(text), text).toThrow(/^(?!.*hunter2).*Nothing was asked/s);
  });
});

describe("the newest export", () => {
  const file = (name: string, modifiedAt: number, isFile = true) => ({ name, modifiedAt, isFile });
  test("is by date, then by name; folders, hidden files and other endings do not count", () => {
    const files = [
      file("a.csv", 1),
      file("c.CSV", 2),
      file("b.csv", 2),
      file(".d.csv", 9),
      file("e.csv", 9, false),
      file("f.tmp", 9),
    ];
    expect(newestExport(files, [".csv"])).toBe("c.CSV");
    expect(newestExport(files, [".ldif", ".tmp"])).toBe("f.tmp");
    expect(newestExport([], [".csv"])).toBeNull();
  });
});

describe("of several servers", () => {
  async function tried(delays: number[], ...script: (SyncReason | "works")[][]) {
    const order: string[] = [];
    const answers = script.map((list) => [...list]);
    const attempt = async (index: number) => {
      const answer = answers[index]!.shift() ?? "unreachable";
      order.push(`${index}:${answer}`);
      if (answer !== "works") throw new SyncFailure(answer, `Server ${index} said ${answer}.`, "Do.");
      return index;
    };
    const wait = async (time: number) => void order.push(`wait ${time}`);
    const outcome = await firstThatWorks([...script.keys()], attempt, { delays, wait }).catch(
      (error: SyncFailure) => error,
    );
    return { order, outcome };
  }

  test("the next is asked where one fails, and all of them again after a while", async () => {
    const { order, outcome } = await tried([5], ["unreachable", "unreachable"], ["busy", "works"]);
    expect(order).toEqual(["0:unreachable", "1:busy", "wait 5", "0:unreachable", "1:works"]);
    expect(outcome).toBe(1);
  });

  test("none is asked again after a refused login", async () => {
    const { order, outcome } = await tried([5], ["login-refused"], ["works"]);
    expect(order).toEqual(["0:login-refused"]);
    expect(outcome).toMatchObject({ reason: "login-refused" });
  });

  test("a bad certificate is not waited for, and is what a person is told first", async () => {
    const alone = await tried([5], ["certificate-not-trusted"]);
    expect(alone.order).toEqual(["0:certificate-not-trusted"]);
    const { outcome } = await tried([], ["unreachable"], ["certificate-not-trusted"]);
    expect(outcome).toMatchObject({
      reason: "certificate-not-trusted",
      message: "None of 2 servers worked. Server 0 said unreachable. Server 1 said certificate-not-trusted.",
    });
  });
});
