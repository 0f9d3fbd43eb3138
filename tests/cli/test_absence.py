"""Who writes an absence down hears what nobody answers for meanwhile, and what to type."""

WHO = "sitrack absence add rivera --until 2025-04-09 --cover WHO"
AWAY = ("absence", "add", "rivera", "--until", "+2d", "--as", "rivera")


def open_episodes(desk):
    rows = desk.answer("episode", "list")["rows"]
    return [row["episode"] for row in rows if row["status"] != "finished"]


def test_without_a_cover_what_waits_is_counted_and_a_cover_asked_for(desk):
    count = len(open_episodes(desk))
    told = desk.type(*AWAY).out
    line = f"{count} open episodes have nobody who answers meanwhile: band ! while act"
    assert line in told
    assert f"\nNext: {WHO}" in told
    later = desk.type(*AWAY, "--from", "+1d").out
    assert "rivera --from 2025-04-08 --until 2025-04-09 \\\n  --cover WHO" in later
    answer = desk.type(*AWAY, "-n", "--json").json
    assert (answer["alone"], answer["queued"], answer["next"]) == (count, 0, WHO)


def test_what_waits_in_a_queue_is_told_apart(desk):
    first, *others = open_episodes(desk)
    desk.written("team", "add", "spine", "--lead", "rivera")
    desk.written("episode", "assign", first, "--to", "spine")
    desk.written("episode", "claim", first)
    told = desk.type(*AWAY).out
    assert f"{len(others)} open episodes have nobody" in told
    assert "1 open episode waits in the queue of a team meanwhile\n" in told


def test_with_a_cover_there_is_nothing_to_look_after(desk):
    desk.written("staff", "add", "okafor", "--role", "coordinator")
    told = desk.type(*AWAY, "--cover", "okafor").out
    assert "rivera is away from 2025-04-07 to 2025-04-09; okafor covers\n" in told
    assert "\nNext: sitrack absence list" in told
    answer = desk.type(*AWAY, "--cover", "okafor", "--json").json
    assert (answer["alone"], answer["queued"], answer["next"]) == (0, 0, None)
