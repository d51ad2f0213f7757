/** The web interface of denotrack: starts it, and chooses the view. */
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Confirmation } from "./confirmation.tsx";
import { Dashboard } from "./dashboard.tsx";
import { HashListView } from "./hash_list_view.tsx";
import { KeysView } from "./keys_view.tsx";
import { Notices } from "./notices.tsx";
import { startOverview } from "./overview.ts";
import { followAddress, hasMoved, route } from "./route.ts";
import { token } from "./session.ts";
import { Settings } from "./settings.tsx";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign_in.tsx";
import { startStream } from "./stats_stream.ts";
import { startTheme } from "./theme.ts";
import { TorrentView } from "./torrent_view.tsx";
import { TorrentsView } from "./torrents_view.tsx";

const TITLES: Readonly<Record<string, string>> = {
  torrents: "Torrents",
  torrent: "Torrent",
  whitelist: "Whitelist",
  blacklist: "Blacklist",
  keys: "Keys",
  settings: "Settings",
};

function App() {
  const isSignedIn = token.value !== "";
  const [view, argument] = route.value;
  const title = isSignedIn ? TITLES[view] ?? "Dashboard" : "Sign in";
  useEffect(() => {
    document.title = `${title} · denotrack`;
  }, [title]);
  if (!isSignedIn) return <SignIn />;
  return (
    <>
      <Shell>
        <View key={`${view}/${argument}`} view={view} argument={argument} />
      </Shell>
      <Confirmation />
      <Notices />
    </>
  );
}

function View({ view, argument }: { readonly view: string; readonly argument: string }) {
  useEffect(() => {
    if (hasMoved.value) document.querySelector("h1")?.focus();
  }, []);
  if (view === "torrents") return <TorrentsView />;
  if (view === "torrent") return <TorrentView hash={argument} />;
  if (view === "whitelist" || view === "blacklist") return <HashListView list={view} />;
  if (view === "keys") return <KeysView />;
  if (view === "settings") return <Settings />;
  return <Dashboard />;
}

followAddress();
startTheme();
startStream();
startOverview();
render(<App />, document.getElementById("app")!);
