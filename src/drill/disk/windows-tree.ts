import {
  BAD_CHANNEL_FILE,
  BAD_RELEASE,
  CHANNEL_FOLDER,
  channelFile,
  channelFileName,
  GOOD_RELEASE,
  standIn,
} from "./channel-file.ts";

export interface WindowsFile {
  /** From the volume's root, with `/`. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Last write, Unix seconds. */
  readonly modified: number;
}

/** What is on a crash-test device's Windows volume. Folders that hold files need not be named. */
export interface WindowsTree {
  readonly files: readonly WindowsFile[];
  readonly folders: readonly string[];
  /** A second name for a file that is in `files`. */
  readonly hardLinks: readonly { readonly path: string; readonly to: string }[];
  /** NTFS junctions: a folder that is a reparse point to another folder of the volume. */
  readonly junctions: readonly { readonly path: string; readonly to: string }[];
}

export interface WindowsTreeOptions {
  /** Which file has the bad one's name: the bad one, none, or one that is no channel file. */
  readonly channelFile?: "bad" | "good-only" | "wrong-header";
  /** How many bad files there are. */
  readonly badFiles?: number;
  /**
   * What a remedy must refuse: the folder is a junction; the bad file has a second name elsewhere; it has a twin that
   * differs in case only; a folder has a channel file's name.
   */
  readonly trick?: "none" | "junction" | "hard-link" | "case" | "folder";
}

const INSTALLED = Date.UTC(2023, 9, 4, 11, 20, 0) / 1000;
const PUBLIC_COPY = "Users/Public/CrowdStrike";

/** A tree like a Windows installation's, small, with the sensor's channel files and things that only look like them. */
export function windowsTree(options: WindowsTreeOptions = {}): WindowsTree {
  const { trick = "none" } = options;
  const folder = trick === "junction" ? PUBLIC_COPY : CHANNEL_FOLDER;
  const bad = `${folder}/${BAD_CHANNEL_FILE}`;
  const files = [...installedFiles(), ...sensorFiles(folder), ...namedAsBad(folder, options)];
  if (trick === "case") files.push({ ...badFile(1), path: `${folder}/${BAD_CHANNEL_FILE.toLowerCase()}` });
  return {
    files,
    folders: ["Program Files", "ProgramData", ...(trick === "folder" ? [`${folder}/${channelFileName(291, 99)}`] : [])],
    hardLinks: trick === "hard-link" ? [{ path: "Users/Public/Documents/kept.sys", to: bad }] : [],
    junctions: trick === "junction" ? [{ path: CHANNEL_FOLDER, to: PUBLIC_COPY }] : [],
  };
}

function installedFiles(): WindowsFile[] {
  const installed = (path: string, bytes: number): WindowsFile => {
    return { path, content: standIn(bytes, path), modified: INSTALLED };
  };
  const system = "Windows/System32";
  return [
    installed(`${system}/ntoskrnl.exe`, 400_000),
    installed(`${system}/hal.dll`, 80_000),
    installed(`${system}/winload.efi`, 120_000),
    installed(`${system}/config/SYSTEM`, 262_144),
    installed(`${system}/config/SOFTWARE`, 262_144),
    installed(`${system}/drivers/ntfs.sys`, 90_000),
    installed(`${system}/drivers/fvevol.sys`, 60_000),
    installed(`${system}/drivers/tcpip.sys`, 70_000),
    installed("Windows/explorer.exe", 200_000),
    installed("Users/Public/desktop.ini", 174),
    installed("Users/j.doe/NTUSER.DAT", 65_536),
    installed("Users/j.doe/Documents/Quarterly figures – März.xlsx", 33_000),
    installed("pagefile.sys", 1_048_576),
  ];
}

/** The sensor, its other channel files, good versions of 291, and names that a careless pattern would take. */
function sensorFiles(folder: string): WindowsFile[] {
  const older = BAD_RELEASE - 2 * 86_400;
  const channel = (number: number, version: number, modified: number): WindowsFile => {
    const name = channelFileName(number, version);
    return { path: `${folder}/${name}`, content: channelFile(number, 36_864 + version * 16, name), modified };
  };
  const lookAlike = (path: string): WindowsFile => ({ ...badFile(0), path });
  const driver = `${folder}/CSAgent.sys`;
  return [
    { path: driver, content: standIn(150_000, driver), modified: BAD_RELEASE - 40 * 86_400 },
    channel(280, 12, older),
    channel(290, 41, BAD_RELEASE + 30),
    channel(292, 7, BAD_RELEASE + 30),
    channel(291, 29, older),
    channel(291, 33, GOOD_RELEASE + 12),
    lookAlike(`${folder}/C-00000291-00000000-00000034.sys.bak`),
    lookAlike(`${folder}/XC-00000291-00000000-00000032.sys`),
    lookAlike(`${folder}/C-00000291-0000000-00000032.sys`),
    lookAlike(`${folder}/C-00000291-00000000-00000032 (2).sys`),
    lookAlike(`Windows/System32/drivers/${BAD_CHANNEL_FILE}`),
    lookAlike(`Windows/Temp/${BAD_CHANNEL_FILE}`),
    lookAlike(`Users/j.doe/Downloads/${BAD_CHANNEL_FILE}`),
  ];
}

function namedAsBad(folder: string, options: WindowsTreeOptions): WindowsFile[] {
  const { channelFile: which = "bad", badFiles = 1 } = options;
  if (which === "good-only") return [];
  if (which === "wrong-header") {
    const path = `${folder}/${BAD_CHANNEL_FILE}`;
    return [{ path, content: new Uint8Array(40_960), modified: BAD_RELEASE + 25 }];
  }
  return Array.from({ length: badFiles }, (_, index) => {
    const name = index === 0 ? BAD_CHANNEL_FILE : channelFileName(291, 100 + index);
    return { ...badFile(index), path: `${folder}/${name}` };
  });
}

function badFile(index: number): Omit<WindowsFile, "path"> {
  return { content: channelFile(291, 40_960, `bad ${index}`), modified: BAD_RELEASE + 25 + index };
}
