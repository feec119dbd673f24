"""The profiles of Hypothesis that the tests run under."""

import pytest
from hypothesis import settings
from hypothesis.errors import InvalidArgument

from minigrad.testing.profiles import EXAMPLES, register_profiles


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_profile_has_its_number_of_examples_no_deadline_and_no_database(name):
    register_profiles()
    profile = settings.get_profile(name)
    assert (profile.max_examples, profile.deadline, profile.database) == (EXAMPLES[name], None, None)
    assert profile.derandomize == (name != "explore")


def test_registering_loads_only_the_profile_that_is_named():
    before = settings.get_current_profile_name()
    try:
        register_profiles()
        assert settings.get_current_profile_name() == before
        register_profiles(load="dev")
        assert settings.get_current_profile_name() == "dev"
    finally:
        settings.load_profile(before)
    with pytest.raises(InvalidArgument):
        register_profiles(load="never")
