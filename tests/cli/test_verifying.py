"""A long verification tells how far it is: to somebody who watches, and to nobody else."""

from .keyboard import Terminal, typed_outside


def test_at_a_terminal_it_shows_how_far_it_is_and_then_the_answer(desk):
    with Terminal("audit", "verify", "-d", desk.url) as terminal:
        terminal.wait_for("verifying")
        code, text = terminal.end()
    assert code == 0
    assert "The record holds." in text


def test_into_a_pipe_goes_the_answer_alone(desk):
    done = typed_outside("audit", "verify", "-d", desk.url, "--format", "table")
    assert (done.code, done.told) == (0, "")
    assert done.out.endswith("The record holds.\n")
    assert "verifying" not in done.out
