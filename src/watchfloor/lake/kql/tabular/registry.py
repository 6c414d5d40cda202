"""Which function binds which operator and which source."""

from collections.abc import Callable

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.model import Relation
from watchfloor.lake.kql.tabular import (
    combining,
    expanding,
    finding,
    grouping,
    nesting,
    parsing,
    plugins,
    rows,
    series,
    shaping,
    sources,
)

OPERATORS: dict[type[s.Operator], Callable[..., Relation]] = {
    s.Where: shaping.where,
    s.Extend: shaping.extend,
    s.Project: shaping.project,
    s.Pick: shaping.pick,
    s.Rename: shaping.rename,
    s.Summarize: grouping.summarize,
    s.Distinct: rows.distinct,
    s.Sort: rows.sort,
    s.Top: rows.top,
    s.Take: rows.take,
    s.SampleDistinct: rows.sample_distinct,
    s.Count: rows.counted,
    s.Join: combining.join,
    s.Combine: combining.union,
    s.MvExpand: expanding.mv_expand,
    s.MvApply: expanding.mv_apply,
    s.Parse: parsing.parse,
    s.ParseKv: parsing.parse_kv,
    s.MakeSeries: series.make_series,
    s.Evaluate: plugins.evaluate,
    s.Invoke: plugins.invoke,
    s.Render: rows.render,
    s.As: rows.named,
    s.Serialize: rows.serialize,
    s.GetSchema: rows.getschema,
    s.SearchIn: lambda binder, relation, operator, scope: sources.filtered_by_search(
        binder, relation, operator.predicate, scope
    ),
    s.Partition: expanding.partitioned,
    s.TopNested: nesting.top_nested,
    s.ByNames: shaping.by_names,
}
SOURCES: dict[type[s.Source], Callable[..., Relation]] = {
    s.Table: sources.table,
    s.Invocation: sources.invocation,
    s.Datatable: sources.datatable,
    s.Externaldata: sources.externaldata,
    s.Print: sources.printed,
    s.Range: sources.ranged,
    s.Union: combining.union_source,
    s.Search: sources.searched,
    s.Find: finding.found,
}
