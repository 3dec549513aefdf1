import { describe, expect, test } from "vitest";
import { type KernelModule, moduleIndex } from "../../src/image/modules.ts";

const kernelModule = (name: string, before: string[] = [], aliases: string[] = []): KernelModule => ({
  name,
  path: `kernel/${name}.ko`,
  bytes: new Uint8Array(),
  before,
  aliases,
  firmware: [],
});

describe("the index of modules", () => {
  test("names for each module all that must come before it, the first to be loaded last", () => {
    const modules = [
      kernelModule("virtio_net", ["net_failover"]),
      kernelModule("net_failover", ["failover"]),
      kernelModule("failover"),
      kernelModule("cdc_ncm", ["usbnet", "mii", "cdc_ether"]),
      kernelModule("cdc_ether", ["usbnet"]),
      kernelModule("usbnet", ["mii"]),
      kernelModule("mii"),
    ];
    const lines = moduleIndex(modules).dep.trimEnd().split("\n");
    expect(lines[0]).toBe("kernel/virtio_net.ko: kernel/net_failover.ko kernel/failover.ko");
    expect(lines[2]).toBe("kernel/failover.ko:");
    for (const line of lines) {
      const loadOrder = line.replace(":", "").split(" ").reverse();
      const names = loadOrder.map((path) => path.slice("kernel/".length, -".ko".length));
      for (const [index, name] of names.entries()) {
        const needed = modules.find((each) => each.name === name)!.before;
        expect(names.slice(0, index)).toEqual(expect.arrayContaining([...needed]));
      }
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test("survives modules that name each other as soft dependencies", () => {
    const { dep } = moduleIndex([kernelModule("a", ["b"]), kernelModule("b", ["a"])]);
    expect(dep).toBe("kernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/a.ko\n");
  });

  test("has every alias with its module", () => {
    const { alias } = moduleIndex([kernelModule("nvme", [], ["pci:v*d*sv*sd*bc01sc08i02*"])]);
    expect(alias).toBe("alias pci:v*d*sv*sd*bc01sc08i02* nvme\n");
  });
});
