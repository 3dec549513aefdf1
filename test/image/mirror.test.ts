import { describe, expect, test } from "vitest";
import { findMirror } from "../../src/image/mirror.ts";
import { ExitCode, OperatorError } from "../../src/wire/operator-error.ts";

const deb822 = (text: string) => ({ name: "/etc/apt/sources.list.d/x.sources", text });
const oneLine = (text: string) => ({ name: "/etc/apt/sources.list", text });

describe("the Debian mirror", () => {
  test("is the one that this machine's apt uses, in deb822 style", () => {
    const text = [
      "# a comment",
      "Types: deb deb-src",
      "URIs: http://one.test/debian",
      "Suites: bookworm",
      "Components: main",
      "",
      "Types: deb",
      "URIs: http://two.test/debian-security/",
      "Suites: bookworm-security",
    ].join("\n");
    expect(findMirror([deb822(text)], null)).toEqual({
      main: "http://one.test/debian",
      security: "http://two.test/debian-security/",
    });
  });

  test("is the one that this machine's apt uses, in one-line style, whatever options and comments are there", () => {
    const text = [
      "# deb http://no.test/debian bookworm main",
      "deb-src http://source.test/debian bookworm main",
      "deb [arch=amd64 signed-by=/k.gpg] https://one.test/mirror/debian/ bookworm main # comment",
    ].join("\n");
    expect(findMirror([oneLine(text)], null)).toEqual({ main: "https://one.test/mirror/debian/", security: null });
  });

  test("is not another distribution's, not one that is switched off, not one for sources only", () => {
    const others = deb822(
      [
        "Types: deb\nURIs: http://u.test/ubuntu\nSuites: noble",
        "Types: deb\nEnabled: no\nURIs: http://off.test/debian\nSuites: x",
        "Types: deb-src\nURIs: http://source.test/debian\nSuites: x",
        "Types: deb\nURIs:\n http://v.test/docker\n http://two-lines.test/debian\nSuites: x",
      ].join("\n\n"),
    );
    expect(findMirror([others], null).main).toBe("http://two-lines.test/debian");
  });

  test("may be a list of mirrors, as cloud images have it", () => {
    const text = "Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm";
    expect(findMirror([deb822(text)], null).main).toBe("mirror+file:///etc/apt/mirrors/debian.list");
  });

  test("that an operator passes comes before the machine's, which keeps its security archive", () => {
    const text = "deb http://a.test/debian x main\ndeb http://a.test/debian-security x-security main";
    expect(findMirror([oneLine(text)], "http://b.test/debian")).toEqual({
      main: "http://b.test/debian",
      security: "http://a.test/debian-security",
    });
  });

  test("is asked for where there is none", () => {
    const refused = () => findMirror([oneLine("deb http://u.test/ubuntu noble main")], null);
    expect(refused).toThrow(OperatorError);
    expect(refused).toThrow("no Debian mirror");
    try {
      refused();
    } catch (error) {
      expect(error).toMatchObject({ exitCode: ExitCode.environment, next: expect.stringContaining("--mirror") });
    }
  });

  test.each(["debian", "-o Dir=/", "http://a.test/debian\nSigned-By: /tmp/k", "http://a.test/a b"])(
    "cannot be %j",
    (passed) => {
      expect(() => findMirror([], passed)).toThrow("not the address of a Debian mirror");
    },
  );
});
