import { linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isBitLocker } from "../../src/bitlocker/boot-sector.ts";
import { readMetadata } from "../../src/bitlocker/metadata.ts";
import { parseNameGrammar } from "../../src/remedy/name.ts";
import { nameProblem } from "../../src/remedy/path.ts";
import { type PlannedRemoval, QUARANTINE_FOLDER } from "../../src/remedy/plan.ts";
import type { Verdict } from "../../src/remedy/verdict.ts";
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from "../../src/rescue/message.ts";
import { percentEncode, text as textField } from "../../src/rescue/message-field.ts";
import { MalformedError } from "../../src/wire/malformed.ts";
import { readerOf } from "../bitlocker/memory-volume.ts";
import { fitName } from "../remedy/fit-name.ts";
import { decideFolder, judgeFile } from "../remedy/judge.ts";
import { AgentShell } from "./busybox.ts";
import { agentVectors, said } from "./vectors.ts";

/** A device's processor is another one, and so is a busy machine's: hundreds of small programs are run here. */
const UNHURRIED = 300_000;

const shell = new AgentShell();
afterAll(() => shell.remove());

/** One word for each argument, from a shell function that succeeds or fails. */
const asked = (call: string, yes: string, no: string, args: readonly string[]) =>
  shell
    .script(`for each; do if ${call} "$each"; then echo ${yes}; else echo ${no}; fi; done`, ...args)
    .stdout.split("\n");
const isRead = (read: () => unknown, yes: string, no: string): string => {
  try {
    read();
    return yes;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return no;
  }
};
const holds = ({ found, expected }: ReturnType<typeof said>) => expect(found).toEqual(expected);

describe("plain names", () => {
  const { vectors } = agentVectors<{ name: string }>("names");
  it(
    "are so to the shell agent",
    () => {
      const words = asked(
        "is_plain_name",
        "plain",
        "refused",
        vectors.map(({ name }) => name),
      );
      holds(said(vectors, (_, index) => words[index]));
    },
    UNHURRIED,
  );
  it("are so to the station", () => {
    holds(said(vectors, ({ name }) => (nameProblem(name) === null ? "plain" : "refused")));
  });
});

const PLAN = agentVectors<{ message: string; heldBy?: string }>("plans").vectors;

describe("plain paths", () => {
  const { vectors } = agentVectors<{ path: string }>("paths");
  it(
    "are so to the shell agent",
    () => {
      const words = asked(
        "is_plain_path",
        "plain",
        "refused",
        vectors.map(({ path }) => path),
      );
      holds(said(vectors, (_, index) => words[index]));
    },
    UNHURRIED,
  );
  it("are so to the station, as the folder of a plan", () => {
    const planned = (path: string) => PLAN[0]!.message.replace(QUARANTINE_FOLDER, percentEncode(path));
    holds(said(vectors, ({ path }) => isRead(() => decodeAnswer(planned(path)), "plain", "refused")));
  });
});

describe("name grammars", () => {
  const { vectors } = agentVectors<{ grammar: string }>("name-grammars");
  it(
    "are accepted by the shell agent",
    () => {
      const words = asked(
        "is_grammar",
        "accepted",
        "refused",
        vectors.map(({ grammar }) => grammar),
      );
      holds(said(vectors, (_, index) => words[index]));
    },
    UNHURRIED,
  );
  it("are accepted by the station", () => {
    holds(said(vectors, ({ grammar }) => isRead(() => parseNameGrammar(grammar), "accepted", "refused")));
  });
});

describe("a name and a grammar", () => {
  const { vectors } = agentVectors<{ grammar: string; name: string }>("name-fits");
  it(
    "fit to the shell agent",
    () => {
      const script = `while [ $# -gt 0 ]; do
      REMOVE_NAME=$1; prepare_judge
      if name_fits "$1" "$2"; then echo exactly
      elif [ "\${#2}" -eq "$REMOVE_LENGTH" ] && name_fits "$REMOVE_NAME_LOWER" "$(lower "$2")"; then echo case
      else echo no; fi; shift 2; done`;
      const words = shell.script(script, ...vectors.flatMap(({ grammar, name }) => [grammar, name])).stdout.split("\n");
      holds(said(vectors, (_, index) => words[index]));
    },
    UNHURRIED,
  );
  it("fit to the station", () => {
    const word = ({ fits, exactly }: ReturnType<typeof fitName>) => (exactly ? "exactly" : fits ? "case" : "no");
    const grammar = (text: string) => (text === "=a-b" ? [{ literal: "a-b" }] : parseNameGrammar(text));
    holds(said(vectors, (vector) => word(fitName(grammar(vector.grammar), vector.name))));
  });
});

interface FileVector {
  readonly name: string;
  readonly kind: "file" | "folder" | "symlink";
  readonly attributes: number | null;
  readonly links: number;
  readonly header: string;
  readonly mtime: number;
}

describe("a file", () => {
  const { vectors, removal } = agentVectors<FileVector, { removal: Omit<PlannedRemoval, "name"> & { name: string } }>(
    "files",
  );
  /** A folder with the one entry, as a device would have it. */
  const made = ({ name, kind, links, header, mtime }: FileVector, index: number): string => {
    const folder = join(shell.folder, `judged-${index}`);
    const path = join(folder, name);
    mkdirSync(folder);
    if (kind === "folder") mkdirSync(path);
    else if (kind === "symlink") symlinkSync("nowhere", path);
    else {
      writeFileSync(path, Buffer.from(header, "hex"));
      for (let link = 1; link < links; link++) linkSync(path, join(shell.folder, `link-${index}-${link}`));
      utimesSync(path, new Date(mtime * 1000), new Date(mtime * 1000));
    }
    return folder;
  };
  /** Stands in for getfattr: prints the four bytes that NTFS would give, or fails. */
  const getfattr = (attributes: number | null): string => {
    if (attributes === null) return "GETFATTR=fake; fake() { return 1; }";
    const bytes = [0, 8, 16, 24].map((bit) => `\\${((attributes >>> bit) & 255).toString(8).padStart(3, "0")}`);
    return `GETFATTR=fake; fake() { printf '${bytes.join("")}'; }`;
  };
  it(
    "is judged by the shell agent",
    () => {
      const rule = shell.file("judged-rule", `${Object.values(removal).join("\n")}\n`);
      const judged = vectors.map((vector, index) => {
        const path = join(made(vector, index), vector.name);
        return `${getfattr(vector.attributes)}; judge_file '${path}'; echo "$VERDICT"`;
      });
      const words = shell.script(`load_removal "$1"; prepare_judge\n${judged.join("\n")}`, rule).stdout.split("\n");
      holds(said(vectors, (_, index) => words[index]));
    },
    UNHURRIED,
  );
  it("is judged by the rule as it is written down", () => {
    const planned: PlannedRemoval = { ...removal, name: parseNameGrammar(removal.name) };
    holds(
      said(vectors, ({ name, kind, attributes, links, header, mtime }) =>
        judgeFile(planned, {
          name,
          isRegular: kind === "file",
          isReparsePoint: attributes === null || (attributes & 0x400) !== 0,
          links,
          header: Buffer.from(header, "hex"),
          mtime,
        }),
      ),
    );
  });
});

describe("a folder", () => {
  const { vectors } = agentVectors<{ verdicts: Verdict[]; maxFiles: number }>("folder-decisions");
  it(
    "is decided on by the shell agent",
    () => {
      const surveys = vectors.map(({ verdicts }, index) => {
        const lines = verdicts.filter((verdict) => verdict !== "not-named").map((verdict) => `${verdict}\tname\n`);
        return shell.file(`survey-${index}`, lines.join(""));
      });
      const script = 'while [ $# -gt 0 ]; do REMOVE_MAX=$2; decide_survey "$1"; echo; shift 2; done';
      const args = vectors.flatMap(({ maxFiles }, index) => [surveys[index]!, `${maxFiles}`]);
      const words = shell.script(script, ...args).stdout.split("\n");
      holds(said(vectors, (_, index) => words[index]));
    },
    UNHURRIED,
  );
  it("is decided on by the rule as it is written down", () => {
    const removal = agentVectors<FileVector, { removal: PlannedRemoval }>("files").removal;
    holds(said(vectors, ({ verdicts, maxFiles }) => decideFolder({ ...removal, maxFiles }, verdicts)));
  });
});

describe("a field", () => {
  const { vectors } = agentVectors<{ text?: string; field: string }>("fields");
  const word = (field: string, text: string | undefined, written: string | undefined, read: string | null) => {
    if (read === null) return "refused";
    return read === text && written === field ? "same" : `written ${written}, read ${read}`;
  };
  it(
    "is written and read by the shell agent",
    () => {
      // Texts hold no line ends: those are never written.
      const lines = (script: string, texts: readonly string[]) => shell.script(script, ...texts).stdout.split("\n");
      const fields = vectors.map(({ field }) => field);
      const read = lines("for field; do decode_field \"$field\" || printf '\\t'; echo; done", fields);
      const texts = vectors.map(({ text }) => text ?? "");
      const written = lines('for text; do encode_field "$text"; echo; done', texts);
      holds(
        said(vectors, ({ field, text }, index) =>
          word(field, text, written[index], read[index] === "\t" ? null : read[index]!),
        ),
      );
    },
    UNHURRIED,
  );
  it("is written and read by the station", () => {
    const read = (field: string) => {
      let value: string | null = null;
      isRead(() => (value = textField().read(field)), "", "");
      return value;
    };
    const written = (text?: string) => (text === undefined ? undefined : textField().write(text));
    holds(said(vectors, ({ field, text }) => word(field, text, written(text), read(field))));
  });
});

describe("a plan", () => {
  it(
    "is accepted by the shell agent",
    () => {
      const files = PLAN.map(({ message }, index) => shell.file(`plan-${index}`, message));
      const script =
        'for plan; do if accept_plan "$plan" "$RUN" >/dev/null; then echo accepted; else echo refused; fi; done';
      const words = shell.script(script, ...files).stdout.split("\n");
      holds(said(PLAN, (_, index) => words[index]));
    },
    UNHURRIED,
  );
  it("is accepted by the station's reader, where the rule is the protocol's", () => {
    const both = PLAN.filter(({ heldBy }) => heldBy === undefined);
    holds(said(both, ({ message }) => isRead(() => decodeAnswer(message), "accepted", "refused")));
  });
  it("that is accepted has one spelling", () => {
    for (const { message } of PLAN.filter(({ expect: word }) => word === "accepted"))
      expect(encodeAnswer(decodeAnswer(message))).toBe(message);
  });
});

describe("an answer", () => {
  const { vectors } = agentVectors<{ message: string }>("answers");
  it(
    "is read by the shell agent",
    () => {
      const script = `for answer; do
      WAIT_TEXT=
      case $(answer_kind "$answer" || echo malformed) in
      malformed) echo malformed ;;
      wait) read_wait "$answer"; printf '%s\\n' wait "$WAIT_REASON" "$WAIT_SECONDS" "$WAIT_TEXT" ;;
      refused) read_refusal "$answer"; printf '%s\\n' refused "$REFUSED_REASON" "$REFUSED_TEXT" ;;
      *)
        answer_kind "$answer"; echo; answer_line "$answer" 2
        [ "$FIELD_1" = end ] || printf '%s\\n' "$FIELD_2"
        ;;
      esac
      echo --
    done`;
      const files = vectors.map(({ message }, index) => shell.file(`answer-${index}`, message));
      const answers = shell.script(script, ...files).stdout.split("\n--\n");
      const read = (text: string) => (text === "malformed" ? text : text.split("\n"));
      holds(said(vectors, (_, index) => read(answers[index]!)));
    },
    UNHURRIED,
  );
  it("is read by the station's reader", () => {
    const read = (message: string): unknown => {
      const said = decodeAnswer(message);
      if (said.answer === "session") return [said.answer, said.session];
      if (said.answer === "done") return [said.answer, ...(said.next === null ? [] : [said.next])];
      if (said.answer === "wait") return [said.answer, said.reason, `${said.seconds}`, said.text];
      return said.answer === "refused" ? [said.answer, said.reason, said.text] : said.answer;
    };
    const word = (message: string) => {
      let value: unknown = null;
      const malformed = isRead(() => (value = read(message)), "", "malformed");
      return malformed || value;
    };
    holds(said(vectors, ({ message }) => word(message)));
  });
});

interface HelloVector {
  readonly token: string;
  readonly pairing: string;
  readonly firmware: Readonly<Record<string, string>>;
  readonly secureBoot: string;
  readonly macs: readonly string[];
  readonly volumes: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly kind: string;
    readonly state: string;
    readonly protectors: readonly (readonly [string, string])[];
  }[];
}

describe("a hello", () => {
  const { vectors } = agentVectors<HelloVector>("hellos");
  it(
    "is written by the shell agent",
    () => {
      const writing = ({ token, pairing, firmware, secureBoot, macs, volumes }: HelloVector, index: number) => {
        const dmi = join(shell.folder, `dmi-${index}`);
        mkdirSync(dmi);
        for (const [name, text] of Object.entries(firmware)) writeFileSync(join(dmi, name), text);
        const listed = volumes.flatMap(({ path, bytes, kind, state, protectors }, at) => [
          `mkdir -p "$RUN/volume/${at + 1}"`,
          ...Object.entries({ path, bytes, kind, state }).map(([what, is]) => `volume_set ${at + 1} ${what} ${is}`),
          `: >"$RUN/volume/${at + 1}/fve"`,
          ...protectors.map(([guid, type]) => `echo protector ${guid} ${type} >>"$RUN/volume/${at + 1}/fve"`),
        ]);
        const script = [
          `DMI=${dmi}; TOKEN=${token}; PAIRING=${pairing}; VOLUMES=${volumes.length}`,
          `secure_boot() { printf ${secureBoot}; }`,
          `nic_addresses() { printf '%s\\n' ${macs.join(" ")}; }`,
          ...listed,
          'write_hello "$RUN/hello"; cat "$RUN/hello"; echo --',
        ];
        return script.join("\n");
      };
      const hellos = shell.script(vectors.map(writing).join("\n")).stdout.split("--\n");
      holds(said(vectors, (_, index) => hellos[index]));
    },
    UNHURRIED,
  );
  it("is read by the station as it was meant, and has one spelling", () => {
    holds(said(vectors, ({ expect: message }) => encodeRequest(decodeRequest(message))));
    for (const { expect: message, macs, volumes, secureBoot } of vectors)
      expect(decodeRequest(message)).toMatchObject({
        ...{ verb: "hello", secureBoot, machine: { macs } },
        volumes: volumes.map(({ protectors: _, ...volume }, index) => ({ volume: index + 1, ...volume })),
        protectors: volumes.flatMap(({ protectors }, index) =>
          protectors.map(([protectorId, type]) => ({ volume: index + 1, protectorId, type })),
        ),
      });
  });
});

interface VolumeVector {
  readonly bytes: number;
  readonly areas: readonly { readonly at: readonly number[]; readonly hex: string }[];
  readonly protectors: readonly (readonly [string, string])[];
  readonly use?: string;
}

describe("a volume", () => {
  const { vectors } = agentVectors<VolumeVector>("volumes");
  const contents = ({ bytes, areas }: VolumeVector): Buffer => {
    const disk = Buffer.alloc(bytes);
    for (const { at, hex } of areas) for (const offset of at) disk.set(Buffer.from(hex, "hex"), offset);
    return disk;
  };
  const listed = (word: string, protectors: readonly (readonly string[])[]) =>
    [word, ...protectors.map((each) => each.join(" "))].join("\n");
  const expected = vectors.map((vector) => ({ ...vector, expect: listed(vector.expect, vector.protectors) }));

  it(
    "is named by the shell agent",
    () => {
      const script = `name_volume() {
        VOLUMES=0; rm -rf "$RUN/volume"; add_volume "$1" "$2"
        if [ "$VOLUMES" -eq 0 ]; then echo none && return; fi
        echo "$(volume_get 1 kind) $(volume_get 1 state)"
        sed -n 's/^protector //p' "$RUN/volume/1/fve"
      }
      while [ $# -gt 0 ]; do name_volume "$1" "$2"; echo --; shift 2; done`;
      const args = vectors.flatMap((vector, index) => [
        shell.file(`volume-${index}`, contents(vector)),
        `${vector.bytes}`,
      ]);
      const names = shell.script(script, ...args).stdout.split("\n--\n");
      holds(said(expected, (_, index) => names[index]));
    },
    UNHURRIED,
  );
  it(
    "is for Windows, for data or for nobody knows what, by its protectors and its description",
    () => {
      const told = vectors.flatMap((vector) => (vector.use === undefined ? [] : [{ ...vector, expect: vector.use }]));
      const script = `while [ $# -gt 0 ]; do
        VOLUMES=0; rm -rf "$RUN/volume"; add_volume "$1" "$2"; volume_use 1; echo; shift 2
      done`;
      const args = told.flatMap((vector, index) => [shell.file(`use-${index}`, contents(vector)), `${vector.bytes}`]);
      const uses = shell.script(script, ...args).stdout.split("\n");
      holds(said(told, (_, index) => uses[index]));
    },
    UNHURRIED,
  );
  it("is named by the station's reader, if it is BitLocker's", () => {
    const name = (disk: Buffer) => {
      if (!isBitLocker(disk.subarray(0, 512))) return "none";
      let words = "bitlocker unsupported";
      isRead(
        () => {
          const { state, protectors } = readMetadata(readerOf(disk));
          words = listed(
            `bitlocker ${state}`,
            protectors.map(({ protectorId, type }) => [protectorId, type]),
          );
        },
        "",
        "",
      );
      return words;
    };
    const locked = expected.filter(({ expect: word }) => word.startsWith("bitlocker"));
    holds(said(locked, (vector) => name(contents(vector))));
  });
});
