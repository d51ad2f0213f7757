// npm's bittorrent-tracker on Node.js, UDP and HTTP on ports of the system's choice:
//
//     node bench/servers/npm_tracker.mjs FOLDER
//
// FOLDER has the package in its node_modules.
import process from "node:process";

const { default: Server } = await import(`${process.argv[2]}/node_modules/bittorrent-tracker/server.js`);

const server = new Server({ udp: true, http: true, ws: false, stats: false });
server.on("error", (error) => {
  throw error;
});
server.on("listening", () => {
  console.log(`listening on ${server.udp4.address().port} ${server.http.address().port}`);
});
server.listen(0, { http: "127.0.0.1", udp: "127.0.0.1", udp6: "::1" });
