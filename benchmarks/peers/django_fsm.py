"""Django with django-fsm-2 and django-simple-history: what hospital IT would pick.

`atomic`, `IMMEDIATE` and a write-ahead log on SQLite; `select_for_update` on
PostgreSQL. The history library copies the whole row at each save.

Not comparable: a copy of a row says what became, not what was decided on, and anybody
who can write can rewrite it.
"""

from __future__ import annotations

import sys
from typing import Any

import django
from django.conf import settings

from benchmarks.peers import move
from benchmarks.peers.answer import answer


def _database(url: str) -> dict[str, Any]:
    if url.startswith("postgresql"):
        from psycopg.conninfo import conninfo_to_dict

        told = conninfo_to_dict(url)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": told["dbname"],
            "USER": told.get("user", ""),
            "PASSWORD": told.get("password", ""),
            "HOST": told.get("host", ""),
            "PORT": told.get("port", ""),
        }
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": url.removeprefix("sqlite:///"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": pragmas},
    }


settings.configure(
    DATABASES={"default": _database(sys.argv[1])},
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "simple_history",
        "benchmarks.peers",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection, models, transaction  # noqa: E402
from django_fsm import FSMField  # noqa: E402
from django_fsm import transition as fsm_transition  # noqa: E402
from simple_history.models import HistoricalRecords  # noqa: E402


class Episode(models.Model):
    """An episode, its stage guarded by django-fsm-2."""

    key = models.CharField(max_length=20, primary_key=True)
    stage = FSMField(default=move.BEFORE, protected=True)
    who = models.CharField(max_length=20)
    history = HistoricalRecords()

    class Meta:
        app_label = "peers"

    def has_failed(self) -> bool:
        """Judge the findings."""
        return move.has_failed(dict(self.finding_set.values_list("kind", "pain")))

    @fsm_transition(stage, move.BEFORE, move.AFTER, conditions=[has_failed])
    def fail_injection(self) -> None:
        """Move on; the library sets the stage."""


class Finding(models.Model):
    """What was noted on a day."""

    episode = models.ForeignKey(Episode, models.PROTECT)
    kind = models.CharField(max_length=20)
    pain = models.IntegerField()
    day = models.DateField()

    class Meta:
        app_label = "peers"


class Stay(models.Model):
    """How long an episode was in a stage."""

    episode = models.ForeignKey(Episode, models.PROTECT)
    stage = models.CharField(max_length=30)
    entered = models.DateField()
    ended = models.DateField(null=True)

    class Meta:
        app_label = "peers"


class Due(models.Model):
    """What falls due."""

    episode = models.ForeignKey(Episode, models.PROTECT)
    rule = models.CharField(max_length=20)
    day = models.DateField(db_index=True)

    class Meta:
        app_label = "peers"


class Reminder(models.Model):
    """What is to be sent."""

    episode = models.ForeignKey(Episode, models.PROTECT)
    rule = models.CharField(max_length=20)
    status = models.CharField(max_length=10)

    class Meta:
        app_label = "peers"


class Django:
    """The move through Django's ORM."""

    def prepare(self, episodes: int) -> None:
        """Make the tables and the episodes."""
        call_command("migrate", verbosity=0)
        with connection.schema_editor() as editor:
            for model in (Episode, Episode.history.model, Finding, Stay, Due, Reminder):
                editor.create_model(model)
        keys = [move.key_of(number) for number in range(episodes)]
        Episode.objects.bulk_create(Episode(key=key, who=move.WHO) for key in keys)
        Finding.objects.bulk_create(
            Finding(episode_id=key, kind=kind, pain=pain, day=day)
            for key in keys
            for kind, (pain, day) in move.FINDINGS.items()
        )
        Stay.objects.bulk_create(
            Stay(episode_id=key, stage=move.BEFORE, entered=move.INJECTED)
            for key in keys
        )
        Due.objects.bulk_create(
            Due(episode_id=key, rule=rule, day=move.TODAY)
            for key in keys
            for rule in move.OLD_LINES
        )

    def move(self, number: int) -> None:
        """Move one episode on."""
        with transaction.atomic():
            locked = Episode.objects.select_for_update()
            episode = locked.get(key=move.key_of(number))
            episode.fail_injection()
            episode.save()
            Stay.objects.filter(episode=episode, ended=None).update(ended=move.TODAY)
            Stay.objects.create(episode=episode, stage=move.AFTER, entered=move.TODAY)
            Due.objects.filter(episode=episode, rule__in=move.OLD_LINES).delete()
            Reminder.objects.filter(
                episode=episode, rule__in=move.OLD_LINES, status="open"
            ).update(status="cancelled")
            Due.objects.bulk_create(
                Due(episode=episode, rule=rule, day=move.due(days))
                for rule, days in move.NEW_LINES.items()
            )

    def rows(self) -> dict[str, int]:
        """Count what was kept."""
        return {
            "moved": Episode.objects.filter(stage=move.AFTER).count(),
            "history of moves": Episode.history.filter(stage=move.AFTER).count(),
            "stays": Stay.objects.count(),
            "due": Due.objects.count(),
        }


if __name__ == "__main__":
    answer(Django(), ("django", "django-fsm-2", "django-simple-history"))
