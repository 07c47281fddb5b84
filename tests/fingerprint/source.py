"""The workflow code as the fingerprint reads it: modules, classes, functions, and what names stand for."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

PACKAGE = "workflows"
DIRECT = {"create_task", "gather", "sleep", "wait_condition", "patched", "deprecate_patch", "continue_as_new"}
"""What makes commands, or orders them, without being awaited."""

_NAMED_BY_ORCHESTRATION = ("run", "init", "update", "signal", "query")


@dataclass(eq=False)
class Module:
    """One file under `workflows/`."""

    name: str
    file: str
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    functions: dict[str, "Function"] = field(default_factory=dict)
    classes: dict[str, "Class"] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The last part of the name, by which others call it."""
        return self.name.rpartition(".")[2]


@dataclass(eq=False)
class Function:
    """A function or method. What is private is read at its call; what is public has a section of its own."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    module: Module
    owner: "Class | None" = None

    @property
    def is_private(self) -> bool:
        """Whether it is written out where it is called, so that extracting it changes nothing."""
        return self.name.startswith("_")

    @property
    def is_async(self) -> bool:
        """Whether a call of it is a coroutine."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @cached_property
    def decorators(self) -> list[str]:
        """The decorators, without what they are called with."""
        found = self.node.decorator_list
        return [ast.unparse(each.func if isinstance(each, ast.Call) else each) for each in found]

    @property
    def is_property(self) -> bool:
        """Whether it is read like an attribute."""
        return "property" in self.decorators

    @property
    def kind(self) -> str:
        """How Temporal reaches it: run, update, signal; empty if only our own code does."""
        marked = [name.removeprefix("workflow.") for name in self.decorators if name.startswith("workflow.")]
        return next((name for name in marked if name in _NAMED_BY_ORCHESTRATION), "")

    @property
    def never_returns(self) -> bool:
        """Whether a call of it always raises."""
        return self.node.returns is not None and ast.unparse(self.node.returns) == "NoReturn"

    @property
    def parameters(self) -> list[ast.arg]:
        """The parameters in their sequence, without self."""
        found = self.node.args
        every = [*found.posonlyargs, *found.args, *filter(None, [found.vararg]), *found.kwonlyargs]
        return every[1:] if self.owner is not None and not _is_static(self) else every


def _is_static(function: Function) -> bool:
    return "staticmethod" in function.decorators


@dataclass(eq=False)
class Class:
    """A class under `workflows/`, with the types of its attributes as far as its text says them."""

    name: str
    node: ast.ClassDef
    module: Module
    bases: list["Class"] = field(default_factory=list)
    methods: dict[str, Function] = field(default_factory=dict)
    """By name; of a property the getter."""
    written: list[Function] = field(default_factory=list)
    """Every function in its text, setters too."""
    attributes: dict[str, "Class"] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    """Attributes that hold a parameter of `__init__`, which may be a callable."""

    def lineage(self) -> Iterator["Class"]:
        """The class and those that it is built from."""
        yield self
        for base in self.bases:
            yield from base.lineage()

    def method(self, name: str) -> Function | None:
        """A method of the class or of one that it is built from."""
        return next((each.methods[name] for each in self.lineage() if name in each.methods), None)

    def attribute(self, name: str) -> "Class | None":
        """The class of an attribute's value, where it is one of ours."""
        return next((each.attributes[name] for each in self.lineage() if name in each.attributes), None)


class Source:
    """Every module under `workflows/` of one copy of the tree."""

    def __init__(self, root: Path) -> None:
        self.modules: dict[str, Module] = {}
        for file in sorted((root / PACKAGE).rglob("*.py")):
            self._read(root, file)
        self.classes = [each for module in self.modules.values() for each in module.classes.values()]
        for each in self.classes:
            found = [self.class_of(base, each.module) for base in each.node.bases]
            each.bases = [base for base in found if base is not None]
        for each in self.classes:
            self._type_attributes(each)
        self.functions = [
            *(function for module in self.modules.values() for function in module.functions.values()),
            *(function for each in self.classes for function in each.methods.values()),
        ]
        self.may_command = self._may_command()
        self._makers = self._constructor_calls()

    def _read(self, root: Path, file: Path) -> None:
        relative = file.relative_to(root)
        name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        module = Module(name, str(relative), _parsed(file.read_text("utf-8")))
        self.modules[name] = module
        for node in module.tree.body:
            match node:
                case ast.ImportFrom(module=str(origin), names=names):
                    module.imports |= {each.asname or each.name: f"{origin}.{each.name}" for each in names}
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    module.functions[node.name] = Function(node.name, node, module)
                case ast.ClassDef():
                    module.classes[node.name] = _class(node, module)
                case ast.Assign(targets=[ast.Name(id=target)], value=value):
                    module.values[target] = value

    # What a name stands for

    def find(self, name: str, module: Module) -> "Module | Function | Class | ast.expr | None":
        """What a global name of a module stands for, through its imports; None if it is not of ours."""
        for table in (module.functions, module.classes, module.values):
            if name in table:
                return table[name]
        path = module.imports.get(name, "")
        if path in self.modules:
            return self.modules[path]
        origin, _, last = path.rpartition(".")
        return self.find(last, self.modules[origin]) if origin in self.modules else None

    def class_of(self, annotation: ast.expr | None, module: Module) -> Class | None:
        """The class of ours that an annotation names; of a union the first one."""
        match annotation:
            case ast.Name(id=name):
                found = self.find(name, module)
                return found if isinstance(found, Class) else None
            case ast.Constant(value=str(text)):
                return self.class_of(ast.parse(text, mode="eval").body, module)
            case ast.BinOp(left=left, right=right):
                return self.class_of(left, module) or self.class_of(right, module)
        return None

    def only_method(self, name: str) -> tuple[Function, Class] | None:
        """The one method of that name that may command, for a value whose class the text does not say."""
        found = [
            (each.methods[name], each)
            for each in self.classes
            if name in each.methods and each.methods[name] in self.may_command
        ]
        return found[0] if len(found) == 1 else None

    def given_to(self, of: Class, attribute: str) -> tuple[ast.expr, Class] | None:
        """What `__init__` was given for an attribute, and the class that gave it, if there is one such place."""
        parameter = next((each.given[attribute] for each in of.lineage() if attribute in each.given), None)
        init = of.method("__init__")
        if parameter is None or init is None or len(self._makers.get(of, [])) != 1:
            return None
        call, maker = self._makers[of][0]
        names = [each.arg for each in init.parameters]
        given = dict(zip(names, call.args, strict=False)) | {
            word.arg: word.value for word in call.keywords if word.arg
        }
        return (given[parameter], maker) if parameter in given else None

    def _constructor_calls(self) -> dict[Class, list[tuple[ast.Call, Class]]]:
        found: dict[Class, list[tuple[ast.Call, Class]]] = {}
        for maker in self.classes:
            for node in ast.walk(maker.node):
                if isinstance(node, ast.Call) and (of := self.class_of(node.func, maker.module)):
                    found.setdefault(of, []).append((node, maker))
        return found

    # Types and reach

    def _type_attributes(self, of: Class) -> None:
        for node in of.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self._note_type(of, node.target.id, self.class_of(node.annotation, of.module))
        init = of.methods.get("__init__")
        if init is None:
            return
        known = {each.arg: self.class_of(each.annotation, of.module) for each in init.parameters}
        for statement in init.node.body:
            match statement:
                case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=value):
                    self._type_target(of, known, target, value)

    def _type_target(
        self, of: Class, known: dict[str, Class | None], target: ast.expr, value: ast.expr | None
    ) -> None:
        made = self.class_of(value.func, of.module) if isinstance(value, ast.Call) else None
        given = value.id if isinstance(value, ast.Name) and value.id in known else ""
        match target:
            case ast.Name(id=name):
                known[name] = made
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                self._note_type(of, name, made or known.get(given))
                if given:
                    of.given[name] = given

    def _note_type(self, of: Class, attribute: str, its: Class | None) -> None:
        if its is not None:
            of.attributes[attribute] = its

    def _may_command(self) -> set[Function]:
        """Functions that command, or call something of a name that does: more than do so in fact, never fewer."""
        called = {function: _names_called(function.node) for function in self.functions}
        found = {
            function for function, names in called.items() if names & DIRECT or _commands_itself(function.node)
        }
        while True:
            names = {function.name for function in found}
            more = {function for function in called if called[function] & names} | found
            if more == found:
                return found
            found = more


@cache
def _parsed(text: str) -> ast.Module:
    """The syntax of a file. Copies of the tree share most of their files."""
    return ast.parse(text)


def _class(node: ast.ClassDef, module: Module) -> Class:
    made = Class(node.name, node, module)
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            function = Function(each.name, each, module, made)
            made.written.append(function)
            if not any(name.endswith((".setter", ".validator")) for name in function.decorators):
                made.methods[each.name] = function
    return made


@cache
def _names_called(node: ast.AST) -> frozenset[str]:
    names = set()
    for each in ast.walk(node):
        match each:
            case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
                names.add(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                # Handed over to be called by another.
                names.add(name)
    return frozenset(names)


@cache
def _commands_itself(node: ast.AST) -> bool:
    return any(
        isinstance(each, ast.Await)
        or (isinstance(each, ast.Attribute) and each.attr.startswith(("upsert_", "start_", "execute_")))
        for each in ast.walk(node)
    )
