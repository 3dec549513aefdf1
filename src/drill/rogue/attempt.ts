/** What the attacker is told: as much as anybody on the LAN can learn, and a little more. */
export interface RogueTarget {
  readonly station: string;
  readonly own: string;
  /** The attacker's network card. */
  readonly mac: string;
  /** A device that is being rescued right now, and what its screen shows. */
  readonly victim: {
    readonly mac: string;
    readonly uuid: string;
    readonly serial: string;
    readonly protectorIds: readonly string[];
  };
}

/** One thing the attacker tried. */
export interface Attempt {
  /** `T12-tftp-paths`: the threat (docs/threat-model.md) and what was tried. */
  readonly id: string;
  readonly title: string;
  /** True if nothing was gained by it. */
  readonly blocked: boolean;
  readonly evidence: string;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
