"""In which order machines change when the databases are told something first. Pure."""

from standfast.mechanisms.hosts.machine import Machine, Role


def waves(machines: tuple[Machine, ...]) -> tuple[tuple[str, ...], ...]:
    """Databases first and one by one, since others follow what they are told (a new password); then
    the rest, together as far as no role stands twice in a wave."""
    databases = [each for each in machines if each.is_a(Role.DATABASE)]
    found: list[tuple[set[Role], list[str]]] = [
        (set(each.roles), [each.name]) for each in databases
    ]
    for machine in machines:
        if machine in databases:
            continue
        fitting = (wave for wave in found[len(databases) :] if not wave[0] & machine.roles)
        taken = next(fitting, None)
        if taken is None:
            taken = (set(), [])
            found.append(taken)
        taken[0].update(machine.roles)
        taken[1].append(machine.name)
    return tuple(tuple(names) for _, names in found)
