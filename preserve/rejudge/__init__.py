"""Every verdict derived again from the archive alone: what newer rules or a newer extractor would change."""

from preserve.rejudge.accepting import Acceptance, begin
from preserve.rejudge.again import rejudge, rejudge_all
from preserve.rejudge.chunks import in_chunks
from preserve.rejudge.pool import Answer, Backend, Question, judge_locally
from preserve.rejudge.tallying import NAMED, Group, Kind, Tally
from preserve.rejudge.tasks import task_of
from preserve.rejudge.values import Cause, Rejudged

__all__ = [
    "NAMED",
    "Acceptance",
    "Answer",
    "Backend",
    "Cause",
    "Group",
    "Kind",
    "Question",
    "Rejudged",
    "Tally",
    "begin",
    "in_chunks",
    "judge_locally",
    "rejudge",
    "rejudge_all",
    "task_of",
]
