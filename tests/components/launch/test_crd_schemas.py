"""The strict schemas refuse what an API server would."""

import pytest
import yaml

import crd_schemas

DEFINITION = """
kind: CustomResourceDefinition
spec:
  group: example.org
  names: {kind: Kiln}
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [heat]
            properties:
              heat: {anyOf: [{type: integer}, {type: string}], x-kubernetes-int-or-string: true, pattern: '^[0-9]+C?$'}
              labels: {type: object, additionalProperties: {type: string}}
              properties: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: string}}}
"""


@pytest.fixture
def known(tmp_path):
    (tmp_path / "kiln.yaml").write_text(DEFINITION)
    return crd_schemas.validators(tmp_path)


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({"heat": 3, "labels": {"any": "text"}, "properties": {"b": 1}}, None),
        ({"heat": "900C"}, None),
        ({"heat": 8.5}, "8.5 is not valid"),
        ({"heat": "hot"}, "does not match"),
        ({"heat": 3, "colour": "red"}, "'colour' was unexpected"),
        ({"heat": 3, "labels": {"any": 3}}, "not of type 'string'"),
        ({}, "'heat' is a required property"),
    ],
)
def test_unknown_fields_and_wrong_quantities_are_refused(known, spec, wrong):
    found = crd_schemas.problems({"apiVersion": "example.org/v1", "kind": "Kiln", "metadata": {}, "spec": spec}, known)
    assert len(found) == (wrong is not None) and (wrong is None or wrong in found[0])


def test_unknown_kinds_are_problems(known):
    assert crd_schemas.problems({"apiVersion": "example.org/v1", "kind": "Oven"}, known) == [
        "no definition of example.org/v1 Oven"
    ]


@crd_schemas.needs_crds
def test_the_published_definitions_are_read():
    known = crd_schemas.validators()
    assert ("trainer.kubeflow.org/v1alpha1", "TrainJob") in known
    old = yaml.safe_load(
        "{apiVersion: trainer.kubeflow.org/v1alpha1, kind: TrainJob, metadata: {name: a},"
        " spec: {runtimeRef: {name: r}, podSpecOverrides: []}}"
    )
    assert any("podSpecOverrides" in problem for problem in crd_schemas.problems(old, known))
