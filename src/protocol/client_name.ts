/**
 * Which software a peer runs, read from its peer id: the conventions of Azureus (`-qB4500-`), Shadow (`T03I-----`),
 * Mainline (`M7-9-2--`), and a few clients with their own. Nobody checks what a client puts there, so it is a
 * statistic and no proof.
 */

/** What a peer id says; both are "" when it says nothing that is known. */
export interface ClientName {
  readonly software: string;
  /** Such as `4.5.0`; "" where the id has none. */
  readonly version: string;
}

/** How the four version characters of an Azureus style id are meant. */
type VersionStyle =
  /** A number each, trailing zeros of no meaning left out down to three: `4500` is 4.5.0. */
  | "numbers"
  /** The same, with all four told. */
  | "four numbers"
  /** Two decimal digits for the major version: `0146` is 1.46, as in BitComet. */
  | "decimal"
  /** Two decimal digits for each of two numbers: `0109` is 1.9, as in WebTorrent. */
  | "pairs"
  /** One number and two decimal digits up to 3.00 (`3000`), a number each from 4.0.0 on (`4050` is 4.0.5). */
  | "transmission";

const UNKNOWN: ClientName = { software: "", version: "" };

/** Azureus style: two letters, the client, how its version is written ("numbers" unless told). */
const AZUREUS: ReadonlyMap<string, readonly [name: string, style: VersionStyle]> = new Map(
  ([
    ["7T", "aTorrent"],
    ["AB", "AnyEvent::BitTorrent"],
    ["AG", "Ares"],
    ["A~", "Ares"],
    ["AN", "Ares"],
    ["AR", "Arctic"],
    ["AT", "Artemis"],
    ["AV", "Avicora"],
    ["AX", "BitPump"],
    ["AZ", "Vuze", "four numbers"],
    ["BB", "BitBuddy"],
    ["BC", "BitComet", "decimal"],
    ["BE", "BitTorrent SDK"],
    ["BF", "BitFlu"],
    ["BG", "BTGetit"],
    ["BI", "BiglyBT", "four numbers"],
    ["BL", "BitLord"],
    ["BN", "Baidu Netdisk"],
    ["BP", "BitTorrent Pro", "four numbers"],
    ["BR", "BitRocket"],
    ["BS", "BTSlave"],
    ["BT", "BitTorrent"],
    ["BW", "BitWombat"],
    ["BX", "BittorrentX"],
    ["CD", "Enhanced CTorrent"],
    ["CT", "CTorrent"],
    ["DE", "Deluge"],
    ["DP", "Propagate"],
    ["EB", "EBit"],
    ["ES", "Electric Sheep"],
    ["FC", "FileCroc"],
    ["FD", "Free Download Manager"],
    ["FG", "FlashGet", "decimal"],
    ["FL", "Folx"],
    ["FT", "FoxTorrent"],
    ["FW", "FrostWire"],
    ["FX", "Freebox"],
    ["GR", "GetRight"],
    ["GS", "GSTorrent"],
    ["HK", "Hekate"],
    ["HL", "Halite"],
    ["HM", "hMule"],
    ["HN", "Hydranode"],
    ["IL", "iLivid"],
    ["JS", "Justseed.it"],
    ["KG", "KGet"],
    ["KT", "KTorrent"],
    ["LC", "LeechCraft"],
    ["LH", "LH-ABC"],
    ["LP", "Lphant", "decimal"],
    ["LT", "libtorrent (Rasterbar)"],
    ["lt", "libTorrent (Rakshasa)"],
    ["LW", "LimeWire"],
    ["MG", "MediaGet"],
    ["MK", "Meerkat"],
    ["MO", "MonoTorrent"],
    ["MP", "MooPolice"],
    ["MR", "Miro"],
    ["MT", "MoonlightTorrent"],
    ["NB", "Net::BitTorrent"],
    ["NX", "Net Transport"],
    ["OS", "OneSwarm"],
    ["OT", "OmegaTorrent"],
    ["PB", "Protocol::BitTorrent"],
    ["PD", "Pando"],
    ["PI", "PicoTorrent"],
    ["PT", "PHPTracker"],
    ["qB", "qBittorrent"],
    ["QD", "QQDownload"],
    ["QT", "Qt 4 Torrent example"],
    ["RT", "Retriever"],
    ["RZ", "RezTorrent"],
    ["S~", "Shareaza alpha"],
    ["SB", "Swiftbit"],
    ["SD", "Thunder"],
    ["SM", "SoMud"],
    ["SP", "BitSpirit"],
    ["SS", "SwarmScope"],
    ["ST", "SymTorrent"],
    ["st", "sharktorrent"],
    ["SZ", "Shareaza"],
    ["TB", "Torch"],
    ["TE", "terasaur Seed Bank"],
    ["TL", "Tribler"],
    ["TN", "TorrentDotNET"],
    ["TR", "Transmission", "transmission"],
    ["TS", "Torrentstorm"],
    ["TT", "TuoTu"],
    ["TX", "Tixati", "decimal"],
    ["UE", "µTorrent Embedded"],
    ["UL", "uLeecher!"],
    ["UM", "µTorrent for Mac"],
    ["UT", "µTorrent"],
    ["UW", "µTorrent Web"],
    ["VG", "Vagaa"],
    ["WD", "WebTorrent Desktop", "pairs"],
    ["WT", "BitLet"],
    ["WW", "WebTorrent", "pairs"],
    ["WY", "FireTorrent"],
    ["XF", "Xfplay"],
    ["XL", "Xunlei"],
    ["XS", "XSwifter"],
    ["XT", "XanTorrent"],
    ["XX", "Xtorrent"],
    ["ZT", "ZipTorrent"],
  ] as [string, string, VersionStyle?][]).map(([code, name, style]) => [code, [name, style ?? "numbers"]]),
);

/** Shadow style: one letter. */
const SHADOW: ReadonlyMap<string, string> = new Map([
  ["A", "ABC"],
  ["O", "Osprey Permaseed"],
  ["Q", "BTQueue"],
  ["R", "Tribler"],
  ["S", "Shadow"],
  ["T", "BitTornado"],
  ["U", "UPnP NAT BitTorrent"],
]);

/** Mainline style: one letter. */
const MAINLINE: ReadonlyMap<string, string> = new Map([["M", "Mainline"], ["Q", "Queen Bee"]]);

/** Clients of other habits, tried from the first to the last. `$1` and on are what the version is made of. */
const OTHERS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^A2-(\d+)-(\d+)-(\d+)-/, "aria2"],
  [/^aria2\/(\d+)\.(\d+)\.(\d+)/, "aria2"],
  [/^exbc[^]{2}LORD/, "BitLord"],
  [/^(?:exbc|FUTB)/, "BitComet"],
  [/^OP(\d\d\d\d)/, "Opera"],
  [/^XBT(\d)(\d)(\d)/, "XBT Client"],
  [/^Mbrst(\d)-(\d)-(\d)/, "Burst!"],
  [/^Plus/, "Plus!"],
  [/^turbobt(\d)\.(\d)/, "TurboBT"],
  [/^btpd\/(\d)(\d)/, "BT Protocol Daemon"],
  [/^346-/, "TorrentTopia"],
  [/^DNA(\d\d)(\d\d)(\d\d)/, "BitTorrent DNA"],
  [/^-ML(\d+)\.(\d+)\.(\d+)/, "MLDonkey"],
  [/^-G3/, "G3 Torrent"],
  [/^10-------/, "JVtorrent"],
  [/^LIME/, "LimeWire"],
  [/^Pando/, "Pando"],
  [/^(?:a00---0|a02---0)/, "Swarmy"],
  [/^T00---0/, "Teeweety"],
];

/** Reads the peer id at `bytes[at..at + 20)`. Whatever the bytes are, the answer is text of this file and digits. */
export function clientName(bytes: Uint8Array, at = 0): ClientName {
  const id = String.fromCharCode(...bytes.subarray(at, at + 20));
  return azureus(id) ?? mainline(id) ?? other(id) ?? shadow(id) ?? UNKNOWN;
}

/** `qBittorrent 4.5.0`, `BitLord` without a version, or "". */
export function formatClientName({ software, version }: ClientName): string {
  return version === "" ? software : `${software} ${version}`;
}

function azureus(id: string): ClientName | undefined {
  const match = /^-([A-Za-z~][A-Za-z0-9~]|7T)([0-9A-Za-z]{4})/.exec(id);
  const client = match === null ? undefined : AZUREUS.get(match[1]);
  if (match === null || client === undefined) return undefined;
  const [software, style] = client;
  return { software, version: azureusVersion(match[2], style) };
}

/** `text` is four letters or digits; "" if they are not a version as that client writes it. */
function azureusVersion(text: string, style: VersionStyle): string {
  if (style === "transmission") return transmissionVersion(text);
  if (style === "decimal") {
    return /^\d{4}$/.test(text) ? `${Number(text.slice(0, 2))}.${text.slice(2)}` : "";
  }
  if (style === "pairs") {
    return /^\d{4}$/.test(text) ? `${Number(text.slice(0, 2))}.${Number(text.slice(2))}` : "";
  }
  const numbers = Array.from(text, digitValue);
  // The last place is a letter in builds that are no release, such as -UT341S-.
  const told = style === "four numbers" ? 4 : numbers[3] > 0 && /\d/.test(text[3]) ? 4 : 3;
  return numbers.slice(0, told).some((number) => number < 0) ? "" : numbers.slice(0, told).join(".");
}

/** `0006` was 0.6, `0072` 0.72, `2940` 2.94, `3000` 3.00, `4050` 4.0.5; the last place tells betas. */
function transmissionVersion(text: string): string {
  if (/^000\d/.test(text)) return `0.${text[3]}`;
  if (/^00\d\d/.test(text)) return `0.${text.slice(2)}`;
  const major = digitValue(text[0]);
  const minor = digitValue(text[1]);
  const patch = digitValue(text[2]);
  if (major < 4) return /^\d{3}/.test(text) ? `${major}.${text.slice(1, 3)}` : "";
  return [major, minor, patch].join(".");
}

/** The value of a digit, or of a letter that goes on after 9: `A` is 10, `a` is 36. */
function digitValue(character: string): number {
  const code = character.charCodeAt(0);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x5a) return code - 0x41 + 10;
  return code >= 0x61 && code <= 0x7a ? code - 0x61 + 36 : -1;
}

function mainline(id: string): ClientName | undefined {
  const match = /^([MQ])(\d{1,3})-(\d{1,3})-(\d{1,3})-/.exec(id);
  const software = match === null ? undefined : MAINLINE.get(match[1]);
  return match === null || software === undefined
    ? undefined
    : { software, version: match.slice(2).map(Number).join(".") };
}

function other(id: string): ClientName | undefined {
  for (const [pattern, software] of OTHERS) {
    const match = pattern.exec(id);
    if (match !== null) return { software, version: match.slice(1).map(Number).join(".") };
  }
  return undefined;
}

/** A letter, a version filled up to five characters with dashes, three more: `T03I-----` is BitTornado 0.3.18. */
function shadow(id: string): ClientName | undefined {
  const match = /^(.)([0-9A-Za-z.]{2,5})-*$/.exec(id.slice(0, 6));
  const software = match === null ? undefined : SHADOW.get(match[1]);
  if (match === null || software === undefined || !/^(?:---|00[0-9A-Za-z])$/.test(id.slice(6, 9))) {
    return undefined;
  }
  return { software, version: Array.from(match[2], shadowValue).join(".") };
}

/** As {@link digitValue}, with `.` for 62. */
function shadowValue(character: string): number {
  return character === "." ? 62 : digitValue(character);
}
