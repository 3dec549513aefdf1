/** The ports a station listens on. Firmware knows them and no others; tests take free ones. */
export interface StationPorts {
  readonly dhcp: number;
  readonly bootServer: number;
  readonly tftp: number;
  readonly http: number;
  readonly https: number;
}

export const STANDARD_PORTS: StationPorts = { dhcp: 67, bootServer: 4011, tftp: 69, http: 80, https: 443 };
