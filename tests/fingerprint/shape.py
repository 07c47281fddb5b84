"""Statements in one shape, however an early end of a function or a turn of a loop is written."""

import ast
from collections.abc import Callable

_JUMPS = (ast.Return, ast.Raise, ast.Break, ast.Continue)

NeverReturns = Callable[[ast.expr], bool]
"""Whether a call always raises."""


def shaped(body: list[ast.stmt], never_returns: NeverReturns) -> list[ast.stmt]:
    """Put what follows an `if` that jumps away into its other branch, so that both ways to write it read alike."""
    for index, statement in enumerate(body):
        if _jumps(statement, never_returns):
            return body[: index + 1]
        if isinstance(statement, ast.If):
            rest = body[index + 1 :]
            for_body, for_else = (
                _all_jump(statement.body, never_returns),
                _all_jump(statement.orelse, never_returns),
            )
            if rest and for_body:
                return [*body[:index], _if(statement, statement.body, [*statement.orelse, *rest])]
            if rest and for_else:
                return [*body[:index], _if(statement, [*statement.body, *rest], statement.orelse)]
    return body


def _if(old: ast.If, body: list[ast.stmt], orelse: list[ast.stmt]) -> ast.If:
    return ast.copy_location(ast.If(old.test, body, orelse), old)


def _all_jump(body: list[ast.stmt], never_returns: NeverReturns) -> bool:
    return bool(body) and any(_jumps(statement, never_returns) for statement in body)


def _jumps(statement: ast.stmt, never_returns: NeverReturns) -> bool:
    match statement:
        case ast.If(body=body, orelse=orelse):
            return _all_jump(body, never_returns) and _all_jump(orelse, never_returns)
        case ast.Expr(value=ast.Call(func=called)):
            return never_returns(called)
    return isinstance(statement, _JUMPS)
