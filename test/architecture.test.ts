import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, expect, it } from "vitest";
import { FAMILIES } from "../src/ledger/events/event.ts";

const root = join(import.meta.dirname, "..");

/** Reading order, import order, and near enough the order in which a packet meets the code. */
const FOLDERS = [
  "wire",
  "dhcp",
  "tftp",
  "bitlocker",
  "windows",
  "ledger",
  "fleet",
  "escrow",
  "remedy",
  "boot",
  "explain",
  "rescue",
  "campaign",
  "api",
  "image",
  "sync",
  "power",
  "dashboard",
  "station",
  "server",
  "drill",
  "cli",
];

function filesBelow(folder: string, ending: string): string[] {
  const all = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return all.filter((file) => file.endsWith(ending)).map((file) => join(root, folder, file));
}

const sources = filesBelow("src", ".ts").map((file) => ({
  file: relative(root, file).split(sep).join("/"),
  folder: relative(join(root, "src"), file).split(sep)[0]!,
  text: readFileSync(file, "utf8"),
}));

function importsOf(text: string): string[] {
  const imports = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|import\s+"([^"]+)"/g,
  );
  return [...imports].map(([, from, dynamic, bare]) => (from ?? dynamic ?? bare)!);
}

/** `file name` for each name that `file` imports from another; `file *` where it takes the whole module. */
function importedNames(file: string, text: string): string[] {
  const statics = text.matchAll(/(?:import|export)\s+(?:type\s+)?(\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+"(\.[^"]+)"/g);
  const awaited = text.matchAll(/const (\{[^}]*\}) = await import\("(\.[^"]+)"\)/g);
  const members = text.matchAll(/\(await import\("(\.[^"]+)"\)\)\.(\w+)/g);
  const whole = text.matchAll(/import\("(\.[^"]+)"\)/g);
  const lists = [...statics, ...awaited].map(([, list, from]) => [list!, from!] as const);
  const taken = [...lists, ...[...members].map(([, from, name]) => [`{${name}}`, from!] as const)];
  // A module that is imported while the program runs, and not taken apart at once, is read in a way of its own.
  const apart = new Set(taken.map(([, from]) => from));
  const rest = [...whole].flatMap(([, from]) => (apart.has(from!) ? [] : [["*", from!] as const]));
  return [...taken, ...rest].flatMap(([list, from]) => {
    const names = list.startsWith("{") ? list.slice(1, -1).split(",") : ["*"];
    const target = join(dirname(file), from).split(sep).join("/");
    return names.map(
      (name) =>
        `${target} ${name
          .trim()
          .replace(/^type /, "")
          .split(/ as |:/)[0]!
          .trim()}`,
    );
  });
}

function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

/** The files of one circle of imports in their order, the first one also last; none if there is no circle. */
function circle(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const open: string[] = [];
  const done = new Set<string>();
  const walk = (file: string): string[] => {
    if (open.includes(file)) return [...open.slice(open.indexOf(file)), file];
    if (done.has(file)) return [];
    open.push(file);
    for (const next of imports.get(file) ?? []) {
      const found = walk(next);
      if (found.length > 0) return found;
    }
    open.pop();
    done.add(file);
    return [];
  };
  for (const file of imports.keys()) {
    const found = walk(file);
    if (found.length > 0) return found;
  }
  return [];
}

/** `file: what` for each source that breaks a rule. */
function breaches(rule: (source: (typeof sources)[number]) => readonly string[]): string[] {
  return sources.flatMap((source) => rule(source).map((what) => `${source.file}: ${what}`));
}

describe("the folders of src", () => {
  it("are those of the design, and nothing else", () => {
    const found = readdirSync(join(root, "src")).sort();
    expect(found.filter((name) => !FOLDERS.includes(name))).toEqual([]);
  });

  it("import only from themselves and from folders above them in the list", () => {
    const upward = breaches(({ file, folder, text }) =>
      importsOf(text)
        .filter((name) => name.startsWith("."))
        .map((name) => relative(join(root, "src"), join(root, dirname(file), name)).split(sep)[0]!)
        .filter((other) => other !== ".." && FOLDERS.indexOf(other) > FOLDERS.indexOf(folder)),
    );
    expect(upward).toEqual([]);
  });

  it("import each other in no circle, not even by type", () => {
    const imports = new Map(
      sources.map(({ file, text }) => {
        const relatives = importsOf(text).filter((name) => name.startsWith("."));
        return [file, relatives.map((name) => join(dirname(file), name).split(sep).join("/"))];
      }),
    );
    expect(circle(imports)).toEqual([]);
  });

  it("export nothing that no other file imports", () => {
    const readers = [...filesBelow("test", ".ts"), ...filesBelow("setup", ".ts"), ...filesBelow("setup", ".mjs")];
    const all = [
      ...sources.map(({ file, text }) => ({ file, text })),
      ...readers.map((file) => ({ file: relative(root, file).split(sep).join("/"), text: readFileSync(file, "utf8") })),
    ];
    const imported = new Set(all.flatMap(({ file, text }) => importedNames(file, text)));
    const exported = /^export (?:async |abstract )*(?:function\*?|const|class|interface|type) (\w+)/gm;
    const unused = breaches(({ file, text }) =>
      [...text.matchAll(exported)]
        .map(([, name]) => name!)
        .filter((name) => !imported.has(`${file} ${name}`) && !imported.has(`${file} *`)),
    );
    expect(unused).toEqual([]);
  });

  it("lean on the drill nowhere but in the verbs that run one", () => {
    const leaning = breaches(({ file, folder, text }) =>
      folder === "drill" || /^src\/cli\/(drill|synthetic)[^/]*\.ts$/.test(file)
        ? []
        : importsOf(text).filter((name) => join(dirname(file), name).split(sep)[1] === "drill"),
    );
    expect(leaning).toEqual([]);
  });

  it("have no barrels: nothing re-exports a whole module", () => {
    expect(breaches(({ text }) => code(text).match(/export \* from.*/g) ?? [])).toEqual([]);
  });

  it("hold small files: at most 300 lines each", () => {
    const long = breaches(({ text }) => (text.split("\n").length > 301 ? [`${text.split("\n").length} lines`] : []));
    expect(long).toEqual([]);
  });

  it("are all in the folder table of docs/architecture.md", () => {
    const page = readFileSync(join(root, "docs", "architecture.md"), "utf8");
    const listed = [...page.matchAll(/^\| `([a-z]+)\/` \|/gm)].map(([, name]) => name);
    expect(listed).toEqual(FOLDERS.filter((name) => existsSync(join(root, "src", name))));
  });
});

describe("a verb that must not wait", () => {
  /** The packages that are loaded with `file`, whatever is done with it afterwards. */
  function packagesLoadedBy(file: string, seen = new Set<string>()): string[] {
    if (seen.has(file)) return [];
    seen.add(file);
    const loaded = readFileSync(join(root, file), "utf8").matchAll(
      /(?:^|\n)\s*(?:import|export)\s(?!type\b)[^;]*?from\s+"([^"]+)"/g,
    );
    return [...loaded].flatMap(([, from]) => {
      if (from!.endsWith(".json") || from!.startsWith("node:")) return [];
      return from!.startsWith(".") ? packagesLoadedBy(join(dirname(file), from!), seen) : [`${file}: ${from}`];
    });
  }

  it.each(["halt", "status"])("loads no package: %s", (verb) => {
    expect(packagesLoadedBy(`src/cli/${verb}.ts`)).toEqual([]);
  });

  it("is any verb's help: no prompt, no log and no schema is loaded before a verb runs", () => {
    const heavy = /: (zod|winston|@inquirer\/prompts|fastify|@peculiar\/x509|ssh2|ldapts)$/;
    const verbs = [...readFileSync(join(root, "src/cli/escrow/verbs.ts"), "utf8").matchAll(/import\("\.\/([^"]+)"\)/g)];
    expect(verbs.length).toBeGreaterThan(10);
    const loading = verbs.flatMap(([, name]) => packagesLoadedBy(`src/cli/escrow/${name}`));
    expect([...new Set(loading)].filter((each) => heavy.test(each))).toEqual([]);
  });
});

describe("input and output", () => {
  const allowed = (modules: RegExp, folders: readonly string[]) =>
    breaches(({ folder, text }) =>
      folders.includes(folder) ? [] : importsOf(text).filter((name) => modules.test(name)),
    );

  it("of the network stays in server, with the lab's own clients in drill", () => {
    const sockets = /^node:(dgram|net|tls|http|https|http2)$|^fastify$/;
    expect(allowed(sockets, ["server", "drill", "power", "sync"])).toEqual([]);
  });

  it("of files stays in the stores, the builders and the edge", () => {
    const files = /^node:fs(\/promises)?$/;
    expect(allowed(files, ["ledger", "escrow", "image", "server", "drill", "cli"])).toEqual([]);
  });

  it("of other programs stays in the builders, the lab and the edge", () => {
    expect(allowed(/^node:child_process$/, ["image", "server", "drill", "cli"])).toEqual([]);
  });

  it("of the clock, timers and chance stays out of the core", () => {
    const edge = ["image", "sync", "power", "server", "drill", "cli"];
    const core = FOLDERS.filter((folder) => !edge.includes(folder));
    const pattern =
      /Date\.now\(|new Date\(\)|Math\.random|setTimeout|setInterval|randomBytes\(|randomUUID|performance\.now/g;
    const found = breaches(({ folder, text }) => (core.includes(folder) ? (code(text).match(pattern) ?? []) : []));
    expect(found).toEqual([]);
  });
});

describe("what differs between Linux, Windows and macOS", () => {
  it("lies in server/platform, beside the lab, which runs on Linux alone", () => {
    const pattern = /process\.platform|["`]\/proc\/|node:ffi/g;
    // A power cut is the stores' own matter, and they stand before every server.
    const elsewhere = ["src/ledger/store-file.ts"];
    const found = breaches(({ file, folder, text }) => {
      if (file.startsWith("src/server/platform/") || folder === "drill" || elsewhere.includes(file)) return [];
      return code(text).match(pattern) ?? [];
    });
    expect(found).toEqual([]);
  });
});

describe("a ledger's entries", () => {
  it("are typed: nothing casts a body, an entry or a row of them past the compiler", () => {
    const cast = /as unknown as (?:Raw)?(?:Entry|NewEntry|EntryBody|RawBody|BodyOf|Receipt|JsonObject|Json)\b/g;
    const stores = /^src\/ledger\/checkpoint\.ts$/;
    const found = breaches(({ file, text }) => (stores.test(file) ? [] : (code(text).match(cast) ?? [])));
    expect(found).toEqual([]);
  });

  it("are composed beside their folds: no verb and no socket writes a body", () => {
    const families = Object.values(FAMILIES).flatMap((family) => Object.keys(family));
    const body = new RegExp(`type: "(?:${families.join("|").replaceAll(".", "\\.")})"`, "g");
    const edge = breaches(({ folder, text }) =>
      folder === "cli" || folder === "server" ? (code(text).match(body) ?? []) : [],
    );
    expect(edge).toEqual([]);
  });

  it("are appended by acts: a verb and a socket ask for one, and append none themselves", () => {
    const appending = breaches(({ folder, text }) =>
      folder === "cli" || folder === "server" ? (code(text).match(/\bledger\.append(If\w+)?\(/gi) ?? []) : [],
    );
    expect(appending).toEqual([]);
  });

  it("lie in a database that its own files alone know by name", () => {
    const own = /^src\/ledger\/(sqlite(-table)?|store-(file|fault)|open-ledger)\.ts$/;
    // Names of files, which operators see, and what a hostile machine asks for.
    const named = (text: string) => text.replace(/(vault|ledger)\.sqlite\b/g, "").match(/.*sqlite.*/gi) ?? [];
    expect(breaches(({ file, text }) => (own.test(file) ? [] : named(text)))).toEqual([]);
  });

  it("lie in a store that is chosen in one place", () => {
    const choosing = breaches(({ file, text }) =>
      file.startsWith("src/ledger/") ? [] : importsOf(text).filter((name) => name.endsWith("/ledger/sqlite.ts")),
    );
    expect(choosing).toEqual([]);
  });
});

describe("a page's markup", () => {
  it("comes out of the one template that escapes: no other text holds an element", () => {
    const names =
      "!doctype|html|head|body|div|section|table|tr|td|th|p|h[1-6]|ul|ol|li|b|span|svg|g|path(?= )|rect|text|title";
    const element = new RegExp(`(?<!\\bhtml)(?:\`(?:[^\`<}\\n]|\\$\\{[^}]*\\})*|["']\\s*)<(?:${names})[ >]`, "g");
    expect(breaches(({ text }) => code(text).match(element) ?? [])).toEqual([]);
  });

  it("is taken as it stands from no text but a style sheet of our own", () => {
    expect(breaches(({ text }) => importsOf(text).filter((name) => name.startsWith("hono")))).toEqual([
      "src/dashboard/html.ts: hono/html",
    ]);
  });
});

describe("a receipt", () => {
  it("is minted by ledger stores alone", () => {
    const minting = breaches(({ folder, text }) =>
      folder === "ledger" ? [] : (code(text).match(/Receipt\.mint/g) ?? []),
    );
    expect(minting).toEqual([]);
  });
});

describe("the glossary", () => {
  const BANNED: readonly [RegExp, string][] = [
    [/playbook|remediation/i, "remedy"],
    [/\bendpoint/i, "device"],
    [/(?<!protector )\bkey id\b|(?<![rR])[kK]eyId\b/, "key protector ID"],
    [/recovery key(?!")|recoveryKey\b/i, "recovery password"],
    [/(?<!node:|-|ssh2\.)\butils?\b|\bhelpers?\b/i, "a name that says what it does"],
  ];
  // Column headers and forms of other programs' exports and databases are quoted as they are.
  const QUOTING = (file: string) =>
    file.startsWith("src/escrow/exports/") ||
    ["src/drill/prepare.ts", "src/dashboard/rotation-commands.ts"].includes(file);

  it("bans other words for its concepts from code", () => {
    const found = breaches(({ file, text }) => {
      if (QUOTING(file)) return [];
      return BANNED.flatMap(([word, say]) => {
        const hit = word.exec(code(text));
        return hit === null ? [] : [`"${hit[0]}", say ${say}`];
      });
    });
    expect(found).toEqual([]);
  });

  it("has no folder or file named for nothing in particular", () => {
    const vague = /\/(utils?|helpers?|common|types|services|models|misc|index)(\.ts|\/)/;
    expect(sources.map(({ file }) => file).filter((file) => vague.test(file))).toEqual([]);
  });
});

describe("the pages", () => {
  const pages = [
    ...["README.md", "CONTRIBUTING.md"].map((name) => join(root, name)),
    ...filesBelow("docs", ".md"),
    ...filesBelow("keys", ".md"),
  ];

  it("link only to files that exist", () => {
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, "utf8").matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
        .map(([, link]) => link!)
        .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(dirname(page), link)))
        .map((link) => `${relative(root, page)} -> ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it("link only to headings that exist", () => {
    // GitHub's anchors: lower case, spaces to hyphens, other punctuation left out.
    const anchorsOf = (page: string) =>
      [
        ...readFileSync(page, "utf8")
          .replace(/^```[\s\S]*?^```$/gm, "")
          .matchAll(/^#+ (.*)$/gm),
      ].map(([, heading]) =>
        heading!
          .toLowerCase()
          .replace(/[^\p{L}\p{N}_ -]/gu, "")
          .replaceAll(" ", "-"),
      );
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, "utf8").matchAll(/\]\(([^)#\s:]*)#([^)]*)\)/g)]
        .filter(([, file, anchor]) => !anchorsOf(file === "" ? page : join(dirname(page), file!)).includes(anchor!))
        .map(([, file, anchor]) => `${relative(root, page)} -> ${file}#${anchor}`),
    );
    expect(broken).toEqual([]);
  });

  it("name no path of a machine", () => {
    const paths = pages.filter((page) => /(^|[\s(`"])\/(work|root|home\/[a-z]+)\//.test(readFileSync(page, "utf8")));
    expect(paths.map((page) => relative(root, page))).toEqual([]);
  });
});

describe("the tests", () => {
  it("are neither skipped nor focused", () => {
    const found = filesBelow("test", ".ts").filter((file) => {
      const isThisFile = file.endsWith("architecture.test.ts");
      return !isThisFile && /\b(it|test|describe)\.(skip|only|todo)\b/.test(readFileSync(file, "utf8"));
    });
    expect(found.map((file) => relative(root, file))).toEqual([]);
    expect(statSync(join(root, ".ci", "run")).mode & 0o111).not.toBe(0);
  });
});
