"""What happens to every rule before its condition is read."""

from sigma.processing.conditions import IncludeFieldCondition
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import HashesFieldsDetectionItemTransformation


def pipeline() -> ProcessingPipeline:
    """Sysmon's field of several hashes becomes one field for each of them; IMPHASH has no column and is refused there."""
    return ProcessingPipeline(
        name="Watchfloor",
        items=[
            ProcessingItem(
                identifier="hashes",
                transformation=HashesFieldsDetectionItemTransformation(
                    valid_hash_algos=["MD5", "SHA1", "SHA256", "IMPHASH"]
                ),
                field_name_conditions=[IncludeFieldCondition(fields=["Hashes", "Hash"])],
            )
        ],
    )
