"""The record as FHIR R4: resources for files, in the order and with the ids of the record.

`r4` knows the shapes, `care` the journey, `signs` evidence and contacts, `provenance`
who wrote what and when, `audit` who looked, and `bundle` puts them together.
"""
