/**
 * One host of a swarm, for Python: it seeds or fetches one file, and talks in lines as the lab's
 * other processes do. Peers are told explicitly; there is no tracker, no DHT and no discovery.
 *
 * Arguments: ADDRESS DIRECTORY TORRENT, `seed` or `fetch`, and the peers to connect to. It connects
 * when it is told a line.
 */
export const libtorrentProgram = `
import json, os, sys, threading
import libtorrent as lt

address, directory, torrent, role, *peers = sys.argv[1:]

def say(kind):
    print(json.dumps({"type": kind}), flush=True)

session = lt.session({
    "listen_interfaces": address + ":6881",
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_incoming_utp": False, "enable_outgoing_utp": False,
    "in_enc_policy": 2, "out_enc_policy": 2,
    "connection_speed": 1000, "unchoke_slots_limit": 8,
    "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = directory
params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
if role == "seed":
    params.flags |= lt.torrent_flags.seed_mode
handle = session.add_torrent(params)
while not handle.status().state in (lt.torrent_status.downloading, lt.torrent_status.seeding):
    session.wait_for_alert(50)
    session.pop_alerts()
say("ready")
sys.stdin.readline()

def end_with_the_lab():
    sys.stdin.read()
    os._exit(0)

threading.Thread(target=end_with_the_lab, daemon=True).start()
for peer in peers:
    handle.connect_peer((peer, 6881))
while True:
    session.wait_for_alert(1000)
    for alert in session.pop_alerts():
        if isinstance(alert, lt.torrent_finished_alert):
            say("complete")
        if alert.category() & lt.alert.category_t.error_notification:
            print(alert, file=sys.stderr, flush=True)
`;

/** Makes the description that all hosts have beforehand. Arguments: FILE TORRENT. */
export const torrentProgram = `
import os, sys
import libtorrent as lt

path, torrent = sys.argv[1:]
files = lt.file_storage()
lt.add_files(files, path)
description = lt.create_torrent(files, 0, lt.create_torrent.v1_only)
lt.set_piece_hashes(description, os.path.dirname(path))
with open(torrent, "wb") as out:
    out.write(lt.bencode(description.generate()))
`;
