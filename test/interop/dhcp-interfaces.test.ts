import { beforeAll, expect, it } from "vitest";
import { firmwareSays, notices, type OnLan, onLan, packets } from "./dhcp-lan.ts";
import { describeWith } from "./needs.ts";

const ONE = "52:54:00:00:00:01";
const TWO = "52:54:00:00:00:02";
const RANGE = "10.99.0.100-10.99.0.199";
const PROGRAMS = ["dnsmasq", "busybox", "curl", "unshare", "ip", "nsenter"];

describeWith(
  PROGRAMS,
  "a station with two interfaces, leasing on the first, beside the site's DHCP server on the second",
  () => {
    let ran: OnLan;
    beforeAll(() => {
      ran = onLan(`
      switch one
      switch two
      plug station lan0 one 10.99.0.2/24
      plug station lan1 two 192.168.7.2/24
      machine first
      plug first eth0 one '' ${ONE}
      machine second
      plug second eth0 two '' ${TWO}
      machine site
      plug site eth0 two 192.168.7.1/24
      beside site dnsmasq --no-daemon --conf-file=/dev/null --port=0 --bind-interfaces --interface=eth0 --no-ping \\
        --leasefile-ro --dhcp-range=192.168.7.50,192.168.7.59,255.255.255.0,1h
      listens site 67
      station '${JSON.stringify({ interfaces: ["lan0", "lan1"], range: RANGE, devices: [ONE, TWO] })}'
      echo == one; asks first ${firmwareSays("ovmf-discover", ONE)}
      echo == two; asks second ${firmwareSays("ovmf-discover", TWO)}
      echo == second; udhcpc second
      echo == first; udhcpc first
      echo == file; asks second ${firmwareSays("ovmf-boot-request", TWO)} 192.168.7.2
      echo == tftp; on second curl -s tftp://192.168.7.2/shimx64.efi
      sleep 15
      echo == later; udhcpc first
      stop
    `);
    });

    it("gives each device the address of the interface it is on, and answers on no other", () => {
      expect(packets(ran.said.get("one"))).toMatchObject([{ siaddr: "10.99.0.2", file: "shimx64.efi" }]);
      const two = packets(ran.said.get("two"));
      const servers = two.map(({ options }) => options.serverIdentifier).sort();
      expect(servers).toEqual(["192.168.7.1", "192.168.7.2"]);
      expect(two.find(({ options }) => options.serverIdentifier === "192.168.7.2")).toMatchObject({
        yiaddr: "0.0.0.0",
        siaddr: "192.168.7.2",
      });
    });

    it("T4 leaks no lease to the other LAN, where the site's server leases as before", () => {
      for (const { yiaddr } of packets(ran.said.get("two"))) expect(yiaddr).toMatch(/^(0\.0\.0\.0|192\.168\.7\.5\d)$/);
      expect(ran.said.get("second")).toMatch(/^ip=192\.168\.7\.5\d .*server=192\.168\.7\.1 /);
      expect(ran.said.get("first")).toMatch(/^ip=10\.99\.0\.1\d\d .*server=10\.99\.0\.2 /);
    });

    it("goes on leasing: the server on the other LAN is not taken for one on this", () => {
      expect(ran.said.get("later")).toBe(ran.said.get("first"));
      expect(notices(ran.station)).toEqual([]);
    });

    it("boots devices of the second LAN over the second interface", () => {
      expect(packets(ran.said.get("file"))).toMatchObject([{ siaddr: "192.168.7.2", file: "shimx64.efi" }]);
      expect(ran.said.get("tftp")).toBe("the bytes of shimx64.efi");
    });
  },
);

describeWith(PROGRAMS, "an interface that goes away", () => {
  it("is told, and the station goes on by itself when it is back: cable, link, and address", () => {
    const { said, station } = onLan(`
      switch one
      plug station lan0 one 10.99.0.2/24
      machine first
      plug first eth0 one '' ${ONE}
      station '${JSON.stringify({ interfaces: ["lan0"], range: RANGE, devices: [ONE] })}'
      works() {
        told "lan0 is up again" "$before"
        sleep 4.5
        udhcpc first
        asks first ${firmwareSays("ovmf-boot-request", ONE)} 10.99.0.2 >/dev/null
        on first curl -s tftp://10.99.0.2/shimx64.efi http://10.99.0.2/shimx64.efi
      }
      echo == cable; before=$(said); on one ip link set port1 down; told "lan0 is down" "$before"
      on one ip link set port1 up; works
      echo == link; before=$(said); ip link set lan0 down; told "lan0 is down" "$before"; ip link set lan0 up; works
      echo == address; before=$(said); ip addr del 10.99.0.2/24 dev lan0; told "lan0" "$before"
      ip addr add 10.99.0.2/24 brd + dev lan0; works
      echo == other; before=$(said); ip addr add 10.99.0.7/24 dev lan0; ip addr del 10.99.0.2/24 dev lan0
      told "no longer has the address 10.99.0.2" "$before"
      ip addr add 10.99.0.2/24 brd + dev lan0; works
      before=$(said); echo >&9; told counters "$before"
      stop
    `);
    for (const gone of ["cable", "link", "address", "other"]) {
      const [lease, ...files] = said.get(gone)!.split("\n");
      expect(lease, gone).toMatch(/^ip=10\.99\.0\.1\d\d .*server=10\.99\.0\.2 /);
      expect(files, gone).toEqual(["the bytes of shimx64.efi", "the bytes of shimx64.efi"]);
    }
    const counters = station.findLast((line) => line.counters !== undefined)?.counters;
    expect(counters?.interfaces).toEqual({ losses: 4 });
    expect(notices(station).filter((text) => !text.startsWith("lan0 "))).toEqual([]);
  });
});
