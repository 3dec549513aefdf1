import { OperatorError } from "../wire/operator-error.ts";
import type { DeviceRole, DiskRole, Scenario } from "./scenario.ts";

const LOCKED: DiskRole = { volume: "bitlocker", channelFile: "bad", hibernated: false };
const PLAIN: DiskRole = { volume: "plain", channelFile: "bad", hibernated: false };

/** A device that is rescued, and nothing more shown of it. Each scenario says where it differs. */
const RESCUED: Omit<DeviceRole, "name"> = {
  disk: LOCKED,
  vault: "right",
  known: true,
  crashes: 0,
  healthyBoots: 0,
  end: { outcome: "rescued" },
  change: "quarantine",
  screen: [],
};

/** A device whose disk stays as it is. */
const LEFT_ALONE: Omit<DeviceRole, "name" | "end"> = { ...RESCUED, change: "none" };

function scenario(
  over: Pick<Scenario, "name" | "title" | "objective"> & Partial<Scenario>,
  ...devices: readonly Omit<DeviceRole, "name">[]
): Scenario {
  const named = devices.map((device, index) => ({ name: `PC-${String(index + 1).padStart(4, "0")}`, ...device }));
  return { unknown: "confirm", disturbance: "none", ...over, devices: named };
}

/** All scenarios, the main one first. */
export const SCENARIOS: readonly Scenario[] = [
  scenario(
    {
      name: "happy",
      title: "a locked device in a crash loop comes back",
      objective:
        "Network boot, unlock with the key from the vault, remove exactly the bad file, healthy boots after it.",
    },
    { ...RESCUED, crashes: 2, healthyBoots: 5 },
  ),
  scenario(
    {
      name: "locked",
      title: "a locked device, rescued and back once",
      objective: "The shortest complete rescue, to try a new kind of firmware or network.",
    },
    { ...RESCUED, healthyBoots: 1 },
  ),
  scenario(
    {
      name: "two",
      title: "two devices at once, one of them with BitLocker suspended",
      objective: "Devices do not get in each other's way, and a volume with a clear key needs no recovery password.",
    },
    { ...RESCUED, healthyBoots: 1 },
    { ...RESCUED, disk: { ...LOCKED, volume: "suspended" }, vault: "none", healthyBoots: 1 },
  ),
  scenario(
    {
      name: "plain",
      title: "a device without BitLocker",
      objective: "A plain NTFS volume is rescued without any recovery password leaving the vault.",
    },
    { ...RESCUED, disk: PLAIN, vault: "none" },
  ),
  scenario(
    {
      name: "two-windows",
      title: "an old Windows without the bad file, before the locked one that has it",
      objective: "Every volume that can hold a Windows is opened and judged, not only the first one that opens.",
    },
    {
      ...RESCUED,
      disk: { ...LOCKED, oldWindows: true },
      screen: ["volume 1 /dev/nvme0n1p3 windows", "volume 2 /dev/nvme0n1p4 windows"],
    },
  ),
  scenario(
    {
      name: "damaged-metadata",
      title: "the first copy of BitLocker's metadata is damaged",
      objective: "Another copy is used, without a write to the disk, and no recovery password is spent in vain.",
    },
    { ...RESCUED, disk: { ...LOCKED, damagedCopies: 1 } },
  ),
  scenario(
    {
      name: "no-key",
      title: "the vault has no key for the device",
      objective: "The device says what is missing and what to do, waits, and is not changed.",
    },
    { ...LEFT_ALONE, vault: "none", end: { waits: "no-key" }, screen: ["no recovery password", "escrow import"] },
  ),
  scenario(
    {
      name: "wrong-key",
      title: "the vault's key is not the volume's",
      objective:
        "A recovery password that does not fit is reported as that, and the volume stays locked and untouched.",
    },
    {
      ...LEFT_ALONE,
      vault: "wrong",
      end: { outcome: "wrong-key" },
      screen: ["The vault has no recovery password that opens this disk", "import it at the station"],
    },
  ),
  scenario(
    {
      name: "encrypting",
      title: "the volume was still being encrypted",
      objective: "A half-encrypted volume is reported and left to Windows.",
    },
    {
      ...LEFT_ALONE,
      disk: { ...LOCKED, volume: "encrypting" },
      end: { outcome: "volume-encrypting" },
      screen: ["BitLocker has not finished encrypting", "use Windows recovery"],
    },
  ),
  scenario(
    {
      name: "hibernated",
      title: "Windows was hibernated",
      objective: "Writing to a hibernated Windows would damage it: the device stops and says so.",
    },
    {
      ...LEFT_ALONE,
      disk: { ...PLAIN, hibernated: true },
      vault: "none",
      end: { outcome: "volume-hibernated" },
      screen: ["Windows is hibernated on this disk", "arm it with --discard-hibernated"],
    },
  ),
  scenario(
    {
      name: "good-only",
      title: "only the repaired 05:27 file is there",
      objective: "A device that already has the good channel file keeps it.",
    },
    {
      ...LEFT_ALONE,
      disk: { ...PLAIN, channelFile: "good-only" },
      vault: "none",
      end: { outcome: "already-clean" },
      screen: ["There is no bad file on this device"],
    },
  ),
  scenario(
    {
      name: "wrong-header",
      title: "a bad name with another file's header",
      objective: "A bad name alone is never enough to remove a file.",
    },
    {
      ...LEFT_ALONE,
      disk: { ...PLAIN, channelFile: "wrong-header" },
      vault: "none",
      end: { outcome: "not-a-channel-file" },
      screen: ["has the name of a bad file, but different content", "someone has to look at this device"],
    },
  ),
  scenario(
    {
      name: "halted-while-waiting",
      title: "the campaign is halted while the device waits for its key",
      objective: "After a halt nothing is released, not even when the missing key arrives.",
      disturbance: "halt-while-waiting",
    },
    { ...LEFT_ALONE, vault: "none", end: { waits: "halted" }, screen: ["HALTED"] },
  ),
  scenario(
    {
      name: "station-killed",
      title: "the station dies between release and report and is started again",
      objective: "Nothing confirmed is lost, the device finishes, and its key is released to no other device.",
      disturbance: "station-killed",
    },
    { ...RESCUED, healthyBoots: 1 },
  ),
  scenario(
    {
      name: "confirm",
      title: "an unknown device, and an operator who types its pairing code",
      objective: "A device outside the inventory gets its key only after a person confirmed the code on its screen.",
      disturbance: "operator-confirms",
    },
    { ...RESCUED, known: false, healthyBoots: 1 },
  ),
  scenario(
    {
      name: "attacker",
      title: "a hostile machine on the recovery LAN during a rescue",
      objective: "Nothing is released to it, each attempt is recorded, and the rescue continues.",
      disturbance: "attacker",
    },
    { ...RESCUED },
  ),
];

/** A rehearsal on a copy of a disk image that somebody brought. */
export function foreignScenario(file: string): Scenario {
  const objective = "Shows what a rescue would remove from this disk, without writing to it.";
  // Not in the inventory: which of the export's device names belongs to this disk is for the export to say.
  const role = { ...RESCUED, disk: "foreign", known: false, end: "any", change: "as-reported" } as const;
  return scenario({ name: "disk", title: `a rehearsal on a copy of ${file}`, objective, unknown: "auto" }, role);
}

/** The scenario of that name. */
export function findScenario(name: string): Scenario {
  const found = SCENARIOS.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new OperatorError(
    `There is no scenario "${name}". Nothing was started.`,
    `Choose from: ${SCENARIOS.map((each) => each.name).join(", ")} (breakglass drill list tells what they show).`,
  );
}

/** The scenario with its first device's role played by `count` devices at once. */
export function withDevices(scenario: Scenario, count: number): Scenario {
  const devices = Array.from({ length: count }, (_, index) => ({
    ...(scenario.devices[index] ?? scenario.devices[0]!),
    name: `PC-${String(index + 1).padStart(4, "0")}`,
  }));
  return { ...scenario, devices };
}
