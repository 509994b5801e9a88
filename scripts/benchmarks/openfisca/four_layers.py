"""
The reference county's four layers in OpenFisca-core, one situation at a time: the baseline of the kernel's bench.

Runs in an environment of its own and prints how many situations a second it works out, and the last one's amounts,
so that the bench can be seen to compare the same thing.
"""

import json
import sys
import time

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.periods import YEAR
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Person = build_entity(key="person", plural="people", label="A stay", is_person=True)


def _given(name: str, kind: type) -> type[Variable]:
    return type(name, (Variable,), {"value_type": kind, "entity": Person, "definition_period": YEAR, "label": name})


total = _given("total", float)
in_scope = _given("in_scope", float)
carried = _given("carried", float)
poor = _given("poor", bool)
allowance = _given("allowance", bool)


def _computed(name: str, formula: object) -> type[Variable]:
    kind = {"value_type": float, "entity": Person, "definition_period": YEAR, "label": name, "formula": formula}
    return type(name, (Variable,), kind)


def _basic(person, period):
    scope = person("in_scope", period)
    is_poor = person("poor", period)
    deductible = numpy.where(is_poor, 0, 300)
    ratio = numpy.where(is_poor, 0.80, 0.75)
    return numpy.minimum(numpy.round(numpy.maximum(scope - deductible, 0) * ratio, 2), 200_000)


def _bands(sum_, is_poor):
    above = numpy.maximum(sum_ - numpy.where(is_poor, 3500, 8000), 0)
    points = numpy.where(is_poor, 0.10, 0)
    first = numpy.minimum(above, 40_000) * (0.60 + points)
    second = numpy.clip(above - 40_000, 0, 20_000) * (0.70 + points)
    third = numpy.maximum(above - 60_000, 0) * (0.80 + points)
    return numpy.round(first + second + third, 2)


def _serious(person, period):
    before = person("carried", period)
    own = person("in_scope", period) - person("basic", period)
    is_poor = person("poor", period)
    return _bands(before + own, is_poor) - _bands(before, is_poor)


def _aid(person, period):
    left = person("in_scope", period) - person("basic", period) - person("serious", period)
    return numpy.where(person("allowance", period), numpy.round(left * 0.85, 2), 0)


def _top_up(person, period):
    paid = person("basic", period) + person("serious", period) + person("aid", period)
    target = numpy.round(person("total", period) * 0.90, 2)
    return numpy.where(person("poor", period), numpy.maximum(target - paid, 0), 0)


def main() -> None:
    system = TaxBenefitSystem([Person])
    for variable in (total, in_scope, carried, poor, allowance):
        system.add_variable(variable)
    for name, formula in (("basic", _basic), ("serious", _serious), ("aid", _aid), ("top_up", _top_up)):
        system.add_variable(_computed(name, formula))
    situation = {
        "people": {
            "one": {
                "total": {"2018": 5000.0},
                "in_scope": {"2018": 4000.0},
                "carried": {"2018": 0.0},
                "poor": {"2018": True},
                "allowance": {"2018": True},
            }
        }
    }
    seconds, done = float(sys.argv[1]), 0
    began = time.process_time()
    amounts: dict[str, float] = {}
    while (spent := time.process_time() - began) < seconds:
        simulation = SimulationBuilder().build_from_entities(system, situation)
        amounts = {name: float(simulation.calculate(name, "2018")[0]) for name in ("basic", "serious", "aid", "top_up")}
        done += 1
    print(json.dumps({"per_second": done / spent, "amounts": amounts}))


if __name__ == "__main__":
    main()
