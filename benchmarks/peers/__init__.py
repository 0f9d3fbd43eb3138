"""What a user would write instead, each as one small program that does the same work.

**One move.** A patient's injection has failed, and the episode moves on to
re-evaluation. In one durable transaction each program

1. loads the episode by its key, and the three findings that the move rests on;
2. lets its library decide, with a guard that reads those findings;
3. writes the new stage, and the history that its library keeps (from, to, who, when);
4. ends the stay in the old stage and begins the next;
5. takes the two lines of the old stage off what is due, cancels their unsent
   reminders, and writes the two lines of the new stage.

**What is due.** N reminders are due and others are parked for later. Each program
delivers what is due by adding a line to a file, with its library's usual record of
what was done, committed for each.

Every program counts its rows when it has finished, and the benchmark refuses a figure
where they are not what they should be. Each runs as a process of its own, so that
imports do not mix, and is told what to do line by line (`answer.py`), so that all of
them meet the same machine in the same minute. Durability is the same everywhere:
SQLite with a write-ahead log and full synchronisation, PostgreSQL as it comes.

What ours does besides, in the same transaction: it hashes and chains each entry, binds
the content to it, keeps two times for everything, numbers a stream that no second
writer can fork, judges every requirement of a protocol file and writes its findings
down, and queues the entry for the next seal. No peer does any of that.
"""
