-- A query.
--% inputs: {db: file}
--% outputs: {rows: file(csv)}
--% stdout: rows
select 1;
