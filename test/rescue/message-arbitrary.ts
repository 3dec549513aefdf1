import fc from "fast-check";
import type { NameGrammar } from "../../src/remedy/name.ts";
import type { Plan } from "../../src/remedy/plan.ts";
import { VERDICTS } from "../../src/remedy/verdict.ts";
import type { Answer } from "../../src/rescue/message-answer.ts";
import type { Request } from "../../src/rescue/message-request.ts";
import * as words from "../../src/rescue/message-words.ts";
import { type Guid, parseGuid } from "../../src/wire/guid.ts";
import { parseMac } from "../../src/wire/mac.ts";
import { Secret } from "../../src/wire/secret.ts";

const hex = (minimumBytes: number, maximumBytes = minimumBytes) =>
  fc
    .uint8Array({ minLength: minimumBytes, maxLength: maximumBytes })
    .map((bytes) => Buffer.from(bytes).toString("hex"));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
export const anyText = fc
  .string({ minLength: 1, maxLength: 40, unit: "grapheme" })
  .filter((text) => text.isWellFormed() && !/[\x00-\x1f\x7f-\x9f]/.test(text));
const anyGuid: fc.Arbitrary<Guid> = fc.uuid().map((text) => parseGuid(text));
const anyMac = hex(6).map(parseMac);
const anyIdentifier = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/);
const anyPath = fc
  .array(
    fc.stringMatching(/^[A-Z][a-z0-9]{3,10}$/).map((name) => `x${name}`),
    { minLength: 1, maxLength: 5 },
  )
  .map((names) => names.join("/"));

export const anyGrammar: fc.Arbitrary<NameGrammar> = fc.array(
  fc.oneof(
    fc.record({ literal: fc.stringMatching(/^[A-Za-z0-9._ -]{1,12}$/) }),
    fc.record({ digits: fc.integer({ min: 1, max: 9 }) }),
  ),
  { minLength: 1, maxLength: 5 },
);

/** One that may stand in a plan: it begins and ends with plain letters, and its literals are apart. */
const anyPlannedName: fc.Arbitrary<NameGrammar> = fc
  .tuple(
    fc.stringMatching(/^[A-Za-z]{4,12}$/),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.stringMatching(/^[A-Za-z0-9._ -]{0,3}[a-z]$/)), {
      maxLength: 3,
    }),
  )
  .map(([first, more]) => [
    { literal: `x${first}` },
    ...more.flatMap(([digits, literal]) => [{ digits }, { literal }]),
  ]);

const evidence = {
  path: anyText,
  size: maybe(fc.nat()),
  sha256: maybe(hex(32)),
  mtime: maybe(fc.integer()),
  header: maybe(hex(1, 8)),
};
const stageMark = fc.record({ stage: fc.constantFrom(...words.STAGES), uptime: fc.nat() });
const volumeNumber = fc.integer({ min: 1, max: 64 });

const hello: fc.Arbitrary<Request> = fc
  .record({
    token: hex(32),
    pairing: fc.stringMatching(/^[0-9]{3}-[0-9]{3}$/),
    machine: fc.record({
      uuid: maybe(anyGuid),
      serial: maybe(anyText),
      vendor: maybe(anyText),
      product: maybe(anyText),
      macs: fc.array(anyMac, { minLength: 1, maxLength: 4 }),
    }),
    secureBoot: fc.constantFrom("on" as const, "off" as const, "unknown" as const),
    volumes: fc.array(
      fc.record({
        path: anyText,
        bytes: fc.nat(),
        kind: fc.constantFrom(...words.VOLUME_KINDS),
        state: fc.constantFrom(...words.VOLUME_STATES),
      }),
      { maxLength: 5 },
    ),
    protectorIds: fc.array(fc.tuple(anyGuid, fc.constantFrom(...words.PROTECTOR_TYPES)), { maxLength: 3 }),
  })
  .map(({ protectorIds, volumes, ...rest }) => {
    const numbered = volumes.map((volume, index) => ({ volume: index + 1, ...volume }));
    const protectors = numbered
      .filter((volume) => volume.kind === "bitlocker")
      .flatMap(({ volume }) => protectorIds.map(([protectorId, type]) => ({ volume, protectorId, type })));
    return { verb: "hello", ...rest, volumes: numbered, protectors };
  });

const report: fc.Arbitrary<Request> = fc.record({
  verb: fc.constant("report" as const),
  outcome: fc.constantFrom(...words.OUTCOMES),
  volumes: fc.array(
    fc.record({
      volume: volumeNumber,
      openedBy: fc.constantFrom(...words.OPENED_BY),
      look: fc.constantFrom(...words.LOOKS),
      protectorId: maybe(anyGuid),
      ntfs: maybe(fc.constantFrom(...words.NTFS_STATES)),
    }),
    { maxLength: 3 },
  ),
  files: fc.array(fc.record({ verdict: fc.constantFrom(...VERDICTS.filter((v) => v !== "not-named")), ...evidence }), {
    maxLength: 3,
  }),
  actions: fc.array(
    fc.record({ action: fc.constantFrom("quarantined" as const, "deleted" as const), to: maybe(anyText), ...evidence }),
    { maxLength: 3 },
  ),
  verified: fc.array(fc.record({ is: fc.constantFrom("absent" as const, "present" as const), path: anyText }), {
    maxLength: 3,
  }),
  stages: fc.array(stageMark, { maxLength: 5 }),
});

export const anyRequest: fc.Arbitrary<Request> = fc.oneof(
  hello,
  fc.record({ verb: fc.constant("unlock" as const), volume: volumeNumber, tried: fc.array(anyGuid, { maxLength: 5 }) }),
  fc.constant<Request>({ verb: "plan" }),
  stageMark.map((mark): Request => ({ verb: "stage", ...mark })),
  report,
);

export const anyPlan: fc.Arbitrary<Plan> = fc.record({
  remedy: anyIdentifier,
  remedySha256: hex(32),
  campaign: anyIdentifier,
  quarantineFolder: anyPath,
  hibernated: fc.constantFrom("stop" as const, "discard" as const),
  removals: fc.array(
    fc.record({
      folder: anyPath,
      name: anyPlannedName,
      header: hex(4, 16),
      notBefore: fc.integer(),
      before: fc.integer(),
      maxFiles: fc.integer({ min: 1, max: 32 }),
      action: fc.constantFrom("quarantine" as const, "delete" as const),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

const reason = fc.constantFrom(...words.REASONS);
export const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(
  anyIdentifier.map((session): Answer => ({ answer: "session", session })),
  fc
    .tuple(volumeNumber, anyGuid, fc.stringMatching(/^[0-9]{6}(-[0-9]{6}){7}$/))
    .map(
      ([volume, protectorId, digits]): Answer => ({ answer: "key", volume, protectorId, password: new Secret(digits) }),
    ),
  anyPlan.map((plan): Answer => ({ answer: "plan", plan })),
  fc.constantFrom(null, "reboot" as const, "stay" as const).map((next): Answer => ({ answer: "done", next })),
  fc.record({
    answer: fc.constant("wait" as const),
    reason,
    seconds: fc.integer({ min: 1, max: 3600 }),
    text: anyText,
  }),
  fc.record({ answer: fc.constant("refused" as const), reason, text: anyText }),
);
