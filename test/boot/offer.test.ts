import { describe, expect, it } from "vitest";
import { type BootClient, identify } from "../../src/boot/client.ts";
import { ackDestination, answerFor, offerDestination, proxyAck, proxyOffer } from "../../src/boot/offer.ts";
import { decodePacket, encodePacket } from "../../src/dhcp/packet.ts";
import { LIMITED_BROADCAST, parseIpv4 } from "../../src/wire/ipv4.ts";
import { readCapture } from "../capture-file.ts";

const station = parseIpv4("10.99.0.2");
const capture = (name: string) => decodePacket(readCapture("dhcp", name).bytes);
const discover = capture("ovmf-discover");
const request = capture("ovmf-boot-request");
const client = identify(discover) as BootClient;
const file = "shimx64.efi";
const relay = parseIpv4("10.5.0.1");

describe("the answer to a boot client", () => {
  it("is an offer to a DISCOVER on port 67 and the boot file to a REQUEST on port 4011", () => {
    expect(answerFor(client, 67)).toBe("offer");
    expect(answerFor({ ...client, asks: "request" }, 4011)).toBe("ack");
  });

  it("is silence to the REQUEST that takes the lease of the site's DHCP server", () => {
    expect(answerFor(identify(capture("ovmf-request")) as BootClient, 67)).toBeNull();
    expect(answerFor(client, 4011)).toBeNull();
  });
});

describe("the proxy offer", () => {
  const offer = proxyOffer(client, discover, station, file);

  it("is byte for byte the one OVMF took", () => {
    expect(encodePacket(offer)).toEqual(readCapture("dhcp", "station-offer").bytes);
  });

  it("leases no address, names no boot file, and has no option 43", () => {
    expect(offer).toMatchObject({ yiaddr: "0.0.0.0", ciaddr: "0.0.0.0", file: "", xid: discover.xid });
    expect(offer.options.bootfileName).toBeUndefined();
    expect(offer.options.vendorSpecificInformation).toBeUndefined();
  });

  it("echoes option 97 as it came, even where it is wrong, and leaves it out where there was none", () => {
    const odd = Uint8Array.of(9, 9);
    const { clientMachineIdentifier: _, ...none } = discover.options;
    const echo = (options: typeof discover.options) =>
      proxyOffer(client, { ...discover, options }, station, file).options.clientMachineIdentifier;
    expect(echo({ ...none, clientMachineIdentifier: odd })).toEqual(odd);
    expect(echo(none)).toBeUndefined();
  });

  it("goes to everyone, or to the relay that asked, with the relay's own option", () => {
    expect(offerDestination(discover)).toEqual({ address: LIMITED_BROADCAST, port: 68 });
    const relayAgentInformation = Uint8Array.of(1, 2, 3, 4);
    const options = { ...discover.options, relayAgentInformation };
    const relayed = { ...discover, giaddr: relay, hops: 1, options };
    expect(offerDestination(relayed)).toEqual({ address: relay, port: 67 });
    expect(proxyOffer(client, relayed, station, file)).toMatchObject({
      giaddr: relay,
      hops: 0,
      options: { relayAgentInformation },
    });
  });

  it("goes to the address that a device says it has", () => {
    const ciaddr = parseIpv4("10.99.0.158");
    expect(offerDestination({ ...discover, ciaddr })).toEqual({ address: ciaddr, port: 68 });
  });
});

describe("the boot server's acknowledgement", () => {
  it("is byte for byte the one OVMF booted from", () => {
    expect(encodePacket(proxyAck(client, request, station, file))).toEqual(readCapture("dhcp", "station-ack").bytes);
  });

  it("goes back to where the question came from", () => {
    const from = { address: parseIpv4("10.99.0.158"), port: 4011 };
    expect(ackDestination(request, from)).toEqual(from);
  });

  it("never goes to port 0 or to no address, which a forged question may name", () => {
    const address = parseIpv4("10.99.0.158");
    expect(ackDestination(request, { address, port: 0 })).toEqual({ address: request.ciaddr, port: 68 });
    const nowhere = { address: parseIpv4("0.0.0.0"), port: 4011 };
    expect(ackDestination(discover, nowhere)).toEqual({ address: LIMITED_BROADCAST, port: 68 });
  });
});

describe("HTTP Boot", () => {
  const httpDiscover = capture("ovmf-http-discover");
  const httpClient = identify(httpDiscover) as BootClient;
  const url = "http://10.99.0.2/shimx64.efi";

  it("is offered its URL at once, and HTTPClient is echoed: firmware passes over an offer that does not", () => {
    const offer = proxyOffer(httpClient, httpDiscover, station, url);
    expect(offer.options).toMatchObject({ vendorClassIdentifier: "HTTPClient", bootfileName: url });
    expect(offer).toMatchObject({ yiaddr: "0.0.0.0", siaddr: station });
    expect(offer.options.vendorSpecificInformation).toBeUndefined();
  });

  it("is answered nothing when it takes its lease from the site's DHCP server, but that is seen", () => {
    const taking: BootClient = { ...httpClient, asks: "request" };
    expect(answerFor(taking, 67)).toBe("lease-seen");
    expect(answerFor({ ...client, asks: "request" }, 67)).toBeNull();
  });
});
