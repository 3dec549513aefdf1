import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from "../../src/rescue/message.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { anyAnswer, anyRequest } from "./message-arbitrary.ts";

const HELLO = [
  "breakglass-agent\t2\thello",
  `token\t${"ab".repeat(32)}`,
  "pairing\t481-902",
  "machine\t4C4C4544-0046-3510-8052-B4C04F564231\t7F5RVB1\tDell%20Inc.\t-",
  "secureboot\ton",
  "nic\t52:54:00:12:34:56",
  "volume\t1\t/dev/nvme0n1p3\t314572800\tbitlocker\tencrypted",
  "protector\t1\t24B0AA32-F8D0-40BA-BB05-73A800324C09\trecovery-password",
  "end\t8",
  "",
].join("\n");

const PLAN = [
  "breakglass-station\t2\tplan",
  `plan\t1\tchannel-file-291\t${"0f".repeat(32)}\tjuly\tWindows/Breakglass-Quarantine\tstop`,
  "remove\tWindows/System32/drivers/CrowdStrike\t=C-00000291-,#8,=-,#8,=.sys\taaaaaaaa01002301\t1721362140\t1721366820\t8\tquarantine",
  "end\t3",
  "",
].join("\n");

const lineOf = (decode: (text: string) => unknown, text: string): number => {
  try {
    decode(text);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
    return (error as MalformedError).offset;
  }
  throw new Error("was accepted");
};

describe("every message", () => {
  it("a request that was encoded decodes to itself", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(decodeRequest(encodeRequest(request))).toEqual(request);
      }),
    );
  });

  it("an answer that was encoded decodes to itself, its password included", () => {
    fc.assert(
      fc.property(anyAnswer, (answer) => {
        const decoded = decodeAnswer(encodeAnswer(answer));
        const bare = (value: typeof answer) =>
          value.answer === "key" ? { ...value, password: value.password.reveal() } : value;
        expect(bare(decoded)).toEqual(bare(answer));
      }),
    );
  });

  it("any text decodes, and then encodes to the very same text, or throws only MalformedError", () => {
    const line = fc.oneof(
      fc.constantFrom(...HELLO.split("\n"), ...PLAN.split("\n"), "breakglass-agent\t2\treport", "outcome\trescued"),
      fc
        .array(fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("volume", "wait", "-", "%41", "%0A", "1")), {
          minLength: 1,
          maxLength: 6,
        })
        .map((fields) => fields.join("\t")),
    );
    const text = fc.array(line, { maxLength: 6 }).map((lines) => `${lines.join("\n")}\nend\t${lines.length}\n`);
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (anything) => {
        for (const [decode, encode] of [
          [decodeRequest, encodeRequest],
          [decodeAnswer, encodeAnswer],
        ] as const) {
          try {
            expect(encode(decode(anything) as never)).toBe(anything);
          } catch (error) {
            if (!(error instanceof MalformedError)) throw error;
          }
        }
      }),
    );
  });

  it("one changed, dropped or doubled character never throws anything but MalformedError", () => {
    fc.assert(
      fc.property(anyRequest, fc.nat(), fc.constantFrom("", "\t", "\n", "-", "%", "0", "é"), (request, at, put) => {
        const text = encodeRequest(request);
        const broken = text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1);
        try {
          expect(encodeRequest(decodeRequest(broken))).toBe(broken);
        } catch (error) {
          if (!(error instanceof MalformedError)) throw error;
        }
      }),
    );
  });
});

describe("hello", () => {
  it("reads as the device it describes", () => {
    expect(decodeRequest(HELLO)).toMatchObject({
      verb: "hello",
      pairing: "481-902",
      machine: { serial: "7F5RVB1", vendor: "Dell Inc.", product: null, macs: ["52:54:00:12:34:56"] },
      volumes: [{ volume: 1, bytes: 314572800, state: "encrypted" }],
      protectors: [{ volume: 1, protectorId: "24B0AA32-F8D0-40BA-BB05-73A800324C09" }],
    });
  });

  it.each([
    ["a field too many", HELLO.replace("secureboot\ton", "secureboot\ton\ton"), 5],
    ["a field too few", HELLO.replace("Dell%20Inc.\t-", "Dell%20Inc."), 4],
    ["another version", HELLO.replace("agent\t2", "agent\t1"), 1],
    ["a wrong count at the end", HELLO.replace("end\t8", "end\t9"), 9],
    ["no end", HELLO.replace("end\t8\n", ""), 8],
    ["a line after the end", `${HELLO}nic\t52:54:00:12:34:57\n`, 10],
    ["carriage returns", HELLO.replaceAll("\n", "\r\n"), 1],
    [
      "lines out of order",
      HELLO.replace("secureboot\ton\nnic\t52:54:00:12:34:56", "nic\t52:54:00:12:34:56\nsecureboot\ton"),
      5,
    ],
    ["a line nobody asked for", HELLO.replace("end\t8", "extra\t1\nend\t9"), 9],
    ["a lower-case GUID", HELLO.replace("24B0AA32", "24b0aa32"), 8],
    ["a percent sign that need not be", HELLO.replace("7F5RVB1", "%37F5RVB1"), 4],
    ["an escape sequence for somebody's terminal", HELLO.replace("7F5RVB1", "%1B%5B2J"), 4],
    ["bytes that are not UTF-8", HELLO.replace("7F5RVB1", "%FF"), 4],
    ["volumes that skip a number", HELLO.replace("volume\t1", "volume\t2"), 8],
    ["a protector of no volume", HELLO.replace("protector\t1", "protector\t2"), 9],
    ["a protector of a volume that is not locked by BitLocker", HELLO.replace("bitlocker\tenc", "ntfs\tenc"), 9],
  ])("with %s is refused whole, and the line is named", (_, text, line) => {
    expect(lineOf(decodeRequest, text)).toBe(line);
  });

  it("lists at most 64 volumes and 256 protectors in at most 64 KiB", () => {
    const lines = HELLO.split("\n").slice(0, -2);
    const finish = (all: string[]) => `${[...all, `end\t${all.length}`].join("\n")}\n`;
    const volumes = Array.from({ length: 64 }, (_, index) => `volume\t${index + 2}\t/dev/sd\t1\tntfs\tplain`);
    expect(lineOf(decodeRequest, finish([...lines.slice(0, 7), ...volumes]))).toBe(71);
    expect(lineOf(decodeRequest, finish([...lines, ...Array<string>(256).fill(lines[7]!)]))).toBe(264);
    expect(() => decodeRequest(finish([...lines, ...Array<string>(255).fill(lines[7]!)]))).not.toThrow();
    expect(() => decodeRequest(HELLO.padStart(70_000, "x"))).toThrow(/longer than 65536/);
  });
});

describe("the plan", () => {
  it("reads as removals with nothing left to interpret", () => {
    const decoded = decodeAnswer(PLAN);
    expect(decoded).toMatchObject({ answer: "plan", plan: { hibernated: "stop", removals: [{ maxFiles: 8 }] } });
  });

  it.each([
    ["seven fields in remove where eight are expected", PLAN.replace("\t8\tquarantine", "\tquarantine"), 3],
    ["nine fields in remove where eight are expected", PLAN.replace("\t8\tquarantine", "\t8\tquarantine\t-"), 3],
    ["no removal", PLAN.replace(/remove.*\nend\t3/, "end\t2"), 3],
    ["a wildcard for a literal", PLAN.replace("=C-00000291-,#8", "=C-00000291*"), 3],
    ["a part of no known kind", PLAN.replace("#8", "*8"), 3],
    ["a way up in the folder", PLAN.replace("Windows/System32/drivers", "Windows/.."), 3],
    ["a backslash in the folder", PLAN.replace("drivers/CrowdStrike", "drivers%5CCrowdStrike"), 3],
    ["an absolute folder", PLAN.replace("remove\tWindows", "remove\t/Windows"), 3],
    ["a campaign that walks", PLAN.replace("july", "../july"), 2],
    ["another plan version", PLAN.replace("plan\t1\tchannel", "plan\t2\tchannel"), 2],
  ])("with %s is refused whole, and the line is named", (_, text, line) => {
    expect(lineOf(decodeAnswer, text)).toBe(line);
  });
});

describe("a key answer", () => {
  const KEY =
    "breakglass-station\t2\tkey\nkey\t1\t24B0AA32-F8D0-40BA-BB05-73A800324C09\t461109-608201-413820-485342-181588-463056-430617-501391\nend\t2\n";

  it("keeps its recovery password out of everything printed", () => {
    const answer = decodeAnswer(KEY);
    expect(JSON.stringify(answer)).not.toMatch(/461109/);
    expect(`${JSON.stringify(answer)}`).toContain("[secret]");
    expect(encodeAnswer(answer)).toBe(KEY);
  });

  it("with a broken password is refused without repeating its digits", () => {
    expect(() => decodeAnswer(KEY.replace("-501391", ""))).toThrow(
      expect.objectContaining({ offset: 2, message: expect.not.stringContaining("461109") }),
    );
  });
});
