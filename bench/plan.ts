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
  readonly stalls: {
    readonly torrents: number;
    readonly peers: number;
    /** Entries of a list that is read and written as a whole. */
    readonly listed: number;
    /** How long what can be done again and again is done. */
    readonly seconds: number;
    /** Whether to wait, for a minute and more, until all peers are swept out. */
    readonly removesPeers: boolean;
  };
  readonly allocation: {
    /** How often each step is done; with fewer, what the compiler does itself shows. */
    readonly turns: number;
  };
  readonly scale: {
    /** Torrents in the database. */
    readonly sizes: readonly number[];
    readonly peers: number;
    readonly rounds: number;
    readonly seconds: number;
    /** Torrents that are added to be saved. */
    readonly newTorrents: number;
    readonly cleanupSeconds: number;
  };
}

export const PLANS: Readonly<Record<Plan["name"], Plan>> = {
  full: {
    name: "full",
    udp: { rounds: 7, seconds: 3, torrents: 1_000_000, peers: 2_000_000, npmPeers: 200_000 },
    http: { rounds: 7, seconds: 2, torrents: 100_000, peers: 200_000 },
    stalls: { torrents: 1_000_000, peers: 2_000_000, listed: 2_000_000, seconds: 5, removesPeers: true },
    allocation: { turns: 200_000 },
    scale: {
      sizes: [1_000_000, 10_000_000, 100_000_000],
      peers: 5_000_000,
      rounds: 5,
      seconds: 3,
      newTorrents: 500_000,
      cleanupSeconds: 20,
    },
  },
  quick: {
    name: "quick",
    udp: { rounds: 3, seconds: 0.7, torrents: 200_000, peers: 400_000, npmPeers: 20_000 },
    http: { rounds: 2, seconds: 1, torrents: 10_000, peers: 20_000 },
    stalls: { torrents: 100_000, peers: 200_000, listed: 200_000, seconds: 1, removesPeers: false },
    allocation: { turns: 200_000 },
    scale: {
      sizes: [200_000, 1_000_000],
      peers: 200_000,
      rounds: 3,
      seconds: 0.5,
      newTorrents: 20_000,
      cleanupSeconds: 2,
    },
  },
  tiny: {
    name: "tiny",
    udp: { rounds: 1, seconds: 0.2, torrents: 1000, peers: 2000, npmPeers: 200 },
    http: { rounds: 1, seconds: 1, torrents: 500, peers: 1000 },
    stalls: { torrents: 500, peers: 1000, listed: 1000, seconds: 0.1, removesPeers: false },
    allocation: { turns: 20_000 },
    scale: {
      sizes: [1000, 5000],
      peers: 1000,
      rounds: 1,
      seconds: 0.1,
      newTorrents: 500,
      cleanupSeconds: 1,
    },
  },
};
