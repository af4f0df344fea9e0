"""The file of terms that a profile may name: read where the profile is opened, so its content decides."""

from pydantic import ValidationError

from stenoflow.errors import ConfigurationError, ObjectTooLarge, StoreRefused
from stenoflow.options import validation_message
from stenoflow.profile.model import Profile
from stenoflow.storage import Store, locate, open_store

MAX_BYTES = 1_000_000


def read_vocabulary(profile: Profile) -> Profile:
    """Return the profile with the terms of its vocabulary's file among its own; as it is without one.

    Raises as :func:`read_vocabulary_from`, and ConfigurationError where the file's URL is not one.
    """
    if profile.vocabulary.file is None:
        return profile
    folder, key = locate(profile.vocabulary.file)
    return read_vocabulary_from(open_store(folder), key, profile)


def read_vocabulary_from(store: Store, key: str, profile: Profile) -> Profile:
    """Return the profile with the terms in an object of a store: one a line, in UTF-8.

    Raises ConfigurationError where it cannot be read or is not such a file, StoreUnavailable.
    """
    vocabulary, url = profile.vocabulary, store.url_of(key)
    try:
        lines = store.read(key, max_bytes=MAX_BYTES).decode("utf-8-sig").splitlines()
        terms = [*vocabulary.terms, *lines]
        read = type(vocabulary).model_validate({"terms": terms})
    except (StoreRefused, ObjectTooLarge) as error:
        raise ConfigurationError(f"The vocabulary {url} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"The vocabulary {url} is not a text in UTF-8: save it with one term a line."
        ) from error
    except ValidationError as error:
        raise ConfigurationError(
            f"The vocabulary {url} cannot be used: {validation_message(error)}."
        ) from error
    return profile.model_copy(update={"vocabulary": read})
