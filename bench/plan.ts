/** How much is measured: everything, in three minutes, or just enough to see that it still runs. */

export interface Plan {
  readonly name: "full" | "quick" | "tiny";
  readonly udp: {
    readonly rounds: number;
    readonly seconds: number;
    readonly torrents: number;
    readonly peers: number;
    /** What npm's tracker is filled with: it takes minutes and gigabytes for the others' share. */
    readonly npmPeers: number;
  };
  readonly http: {
    readonly rounds: number;
    /** Whole seconds: wrk knows no others. */
    readonly seconds: number;
    readonly torrents: number;
    readonly peers: number;
  };
}

export const PLANS: Readonly<Record<Plan["name"], Plan>> = {
  full: {
    name: "full",
    udp: { rounds: 7, seconds: 3, torrents: 1_000_000, peers: 2_000_000, npmPeers: 200_000 },
    http: { rounds: 7, seconds: 2, torrents: 100_000, peers: 200_000 },
  },
  quick: {
    name: "quick",
    udp: { rounds: 5, seconds: 0.7, torrents: 200_000, peers: 400_000, npmPeers: 20_000 },
    http: { rounds: 3, seconds: 1, torrents: 10_000, peers: 20_000 },
  },
  tiny: {
    name: "tiny",
    udp: { rounds: 1, seconds: 0.2, torrents: 1000, peers: 2000, npmPeers: 200 },
    http: { rounds: 1, seconds: 1, torrents: 500, peers: 1000 },
  },
};
