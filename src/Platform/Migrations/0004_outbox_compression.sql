-- A message may name thousands of subjects. Where the server knows LZ4 it compresses them with a tenth of the work.

do $$
begin
    alter table platform.outbox alter column payload set compression lz4;
exception
    when feature_not_supported then null;
end
$$;
