import type { Guid } from "../wire/guid.ts";
import type { MacAddress } from "../wire/mac.ts";
import { areTwo } from "./machine.ts";

/** A device the operator expects. Any one of its marks is enough to recognise it. */
export interface InventoryDevice {
  readonly name: string;
  readonly macs: readonly MacAddress[];
  readonly serial: string | null;
  readonly uuid: Guid | null;
}

/** What a device shows of itself: at DHCP a MAC and perhaps a UUID, at hello all of it. */
export interface DeviceMarks {
  /** The first is the one that network-booted: the station has seen that one itself, the others are said. */
  readonly macs: readonly MacAddress[];
  readonly serial?: string | null;
  readonly uuid?: Guid | null;
}

/**
 * The inventory's device with these marks, or null. Marks that belong to two different devices of the inventory
 * recognise neither: a mainboard swap or a spoofed MAC is for a person to look at.
 */
export function recognise(inventory: readonly InventoryDevice[], marks: DeviceMarks): InventoryDevice | null {
  const index = indexOf(inventory);
  const fits = new Set<InventoryDevice>();
  const take = (devices: readonly InventoryDevice[] = []) => {
    for (const device of devices) fits.add(device);
  };
  // The same MAC with another UUID is another device: an adapter or dock that several use.
  for (const mac of marks.macs) take(index.macs.get(mac)?.filter(({ uuid }) => !areTwo(uuid, marks.uuid)));
  if (marks.serial) take(index.serials.get(marks.serial));
  if (marks.uuid) take(index.uuids.get(marks.uuid));
  const [fit] = fits;
  return fits.size === 1 ? fit! : null;
}

interface InventoryIndex {
  readonly macs: Map<string, InventoryDevice[]>;
  readonly serials: Map<string, InventoryDevice[]>;
  readonly uuids: Map<string, InventoryDevice[]>;
}

/** Asked at every packet of every device: looking through five thousand each time took most of a station's time. */
const indexes = new WeakMap<readonly InventoryDevice[], InventoryIndex>();

function indexOf(inventory: readonly InventoryDevice[]): InventoryIndex {
  const known = indexes.get(inventory);
  if (known !== undefined) return known;
  const index: InventoryIndex = { macs: new Map(), serials: new Map(), uuids: new Map() };
  const note = (into: Map<string, InventoryDevice[]>, mark: string | null, device: InventoryDevice) => {
    if (mark === null) return;
    const others = into.get(mark);
    if (others === undefined) into.set(mark, [device]);
    else others.push(device);
  };
  for (const device of inventory) {
    for (const mac of device.macs) note(index.macs, mac, device);
    note(index.serials, device.serial, device);
    note(index.uuids, device.uuid, device);
  }
  indexes.set(inventory, index);
  return index;
}

/**
 * True if the MAC that network-booted is that device's, and nothing the device says of itself is another's. A serial
 * number or UUID alone is no more than a claim: anybody can read it off a sticker and put it into a hello. `undefined`
 * is not asked yet (DHCP), null is said to be none.
 */
export function vouchesFor(device: InventoryDevice, { macs: [booted], serial, uuid }: DeviceMarks): boolean {
  const agree = (known: string | null, said: string | null | undefined) =>
    known === null || said === undefined || said === known;
  return (
    booted !== undefined && device.macs.includes(booted) && agree(device.serial, serial) && agree(device.uuid, uuid)
  );
}
