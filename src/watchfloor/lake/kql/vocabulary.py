"""What the words of the language mean, a line each: the page of the reference and the editor's completion read it.

`name | arguments | result | meaning`; names that mean the same stand together. `x?` may be missing, `x...` may come again.
"""

SCALARS = """
abs | x | as x | the number without its sign
acos asin atan | x | real | the angle, in radians, with this cosine, sine or tangent
atan2 | y, x | real | the angle of the point (x, y), in radians
ago | span | datetime | this long before now
around | value, centre, delta | bool | whether the value lies within delta of the centre
array_concat | array, array... | dynamic | one array after the other
array_iff array_iif | conditions, a, b | dynamic | element by element, a where the condition is true, else b
array_index_of | array, value, start?, length?, occurrence? | long | where the value stands in the array, -1 when it does not
array_length | array | long | how many elements
array_reverse | array | dynamic | the elements from last to first
array_rotate_left array_rotate_right | array, count | dynamic | the elements moved by count, those that fall out coming in again
array_shift_left array_shift_right | array, count, filler? | dynamic | the elements moved by count, gaps filled
array_slice | array, first, last | dynamic | the elements from first to last, both counted from 0, negative from the end
array_sort_asc array_sort_desc | array, array..., nulls_last? | columns | the elements in order; further arrays in the order of the first
array_split | array, places | dynamic | the pieces of the array between the places
array_sum | array | real | the sum of the elements
bag_has_key | bag, key | bool | whether the bag has the key
bag_keys | bag | dynamic | the keys of the bag
bag_merge | bag, bag... | dynamic | one bag of all; the first value of a key stands
bag_pack pack pack_dictionary | key, value... | dynamic | a bag of these pairs
bag_pack_columns | column... | dynamic | a bag of these columns of the row
bag_remove_keys | bag, keys | dynamic | the bag without these keys
bag_set_key | bag, key, value | dynamic | the bag with this key set
bag_zip | keys, values | dynamic | a bag of the keys with the values at their places
base64_decode_tostring base64_decodestring | text | string | the text that was encoded
base64_decode_toarray | text | dynamic | the bytes that were encoded
base64_decode_toguid base64_encode_fromguid | value | as named | a guid from, to base64
base64_encode_fromarray | bytes | string | the bytes encoded
base64_encode_tostring base64_encodestring | text | string | the text encoded
bin floor | value, step | as value | down to a multiple of step
bin_at | value, step, origin | as value | down to a multiple of step counted from origin
binary_and binary_or binary_xor binary_not | a, b | long | bit by bit
binary_shift_left binary_shift_right | a, count | long | the bits moved by count
bitset_count_ones | a | long | how many bits are set
bool datetime date decimal double guid int long real time timespan | text | as named | the value read as this type
case | condition, value..., otherwise | as values | the value of the first condition that holds
ceiling | x | real | up to a whole number
coalesce | a, b... | as a | the first that is not null, or not empty
column_names_of | table | dynamic | the names of the columns of a table
column_ifexists columnifexists | name, otherwise | as column | the column when the table has it
convert_angle convert_energy convert_force convert_length convert_mass convert_speed convert_temperature convert_volume | x, from, to | real | the measure in another unit
cos cot sin tan | x | real | of an angle in radians
countof | text, search, kind? | long | how often the search stands in the text; kind regex takes an expression
datetime_add | part, count, moment | datetime | the moment moved by so many days, hours, months
datetime_diff | part, later, earlier | long | how many boundaries of this part lie between
datetime_local_to_utc datetime_utc_to_local | moment, zone | datetime | between UTC and the clock of a time zone such as Europe/Paris
datetime_part | part, moment | long | one part of the moment
dayofmonth dayofyear hourofday monthofyear getmonth getyear | moment | int | that part of the moment
dayofweek | moment | timespan | days since Sunday
degrees radians | x | real | the angle in the other unit
endofday endofmonth endofweek endofyear | moment, offset? | datetime | the end of the day, month, week or year, offset of them on
exp exp2 exp10 | x | real | e, 2 or 10 to the power of x
extract | regex, group, text, type? | string | what the group caught of the first match
extract_all extractall | regex, text | dynamic | what the groups caught of every match
extract_json extractjson | path, text, type? | string | the value at a JSON path
format_datetime | moment, format | string | the moment as yyyy-MM-dd HH:mm:ss and the like
format_bytes | count, places?, unit? | string | so many bytes in KB, MB and the like
format_ipv4 | address, bits? | string | the address cut to its first bits
format_ipv4_mask | address, bits? | string | the address cut to its first bits, these after a slash
format_timespan | span, format | string | the span as d.hh:mm:ss and the like
gamma loggamma | x | real | the gamma function, its logarithm
geo_info_from_ip_address | address | dynamic | country, state, city, latitude and longitude by the uploaded list GeoIP; empty for an address no network of it holds
gettype | value | string | the name of the value's type
geo_angle | longitude, latitude, ... | real | the angle at the second of three points
geo_azimuth | longitude, latitude, longitude, latitude | real | the direction from one point to another
geo_distance_2points | longitude, latitude, longitude, latitude | real | metres between two points on the Earth
geo_geohash_to_central_point | geohash | dynamic | the middle of the cell
geo_point_in_circle | longitude, latitude, longitude, latitude, metres | bool | whether the point lies so near the other
geo_point_to_geohash | longitude, latitude, letters? | string | the cell that holds the point
has_any_index | text, terms | long | which of the terms the text has first, -1 when none
has_any_ipv4 has_ipv4 | text, address... | bool | whether the text has one of the addresses
has_any_ipv4_prefix has_ipv4_prefix | text, prefix... | bool | whether the text has an address that begins so
hash hash_xxhash64 | value | long | refused: no engine here knows these numbers
hash_md5 hash_sha1 hash_sha256 | text | string | the digest in hexadecimal
iff iif | condition, a, b | as a | a when the condition holds, else b
indexof | text, search, start?, length?, occurrence? | long | where the search stands in the text, -1 when it does not
indexof_regex | text, regex | long | where the expression first matches, -1 when it does not
ingestion_time |  | datetime | when the row came in; here the row's own time
ipv4_compare ipv6_compare | a, b, bits? | long | -1, 0 or 1 as the addresses are in order, by the shorter prefix
ipv4_is_in_any_range ipv6_is_in_any_range | address, network... | bool | whether the address lies in one of the networks
ipv4_is_in_range ipv6_is_in_range | address, network | bool | whether the address lies in the network
ipv4_is_match ipv6_is_match | a, b, bits? | bool | whether the addresses are equal by the shorter prefix
ipv4_is_private | address | bool | whether the address is of a private network
ipv4_netmask_suffix | address | long | the bits after the slash, 32 without one
isascii | text | bool | whether all letters are ASCII
isempty | value | bool | whether there is nothing to read
isfinite isinf isnan | x | bool | whether the number is finite, infinite, none
isipv4 | text | bool | whether the text is an IPv4 address
isnotempty notempty | value | bool | whether there is something to read
isnotnull notnull | value | bool | whether the value is there; a text always is
isnull | value | bool | whether the value is missing; a text never is
jaccard_index | set, set | real | what two sets share among all they have
log log10 log2 | x | real | the logarithm
make_datetime | year, month, day, hour?, minute?, second? | datetime | the moment
make_timespan | days?, hours, minutes, seconds? | timespan | the span
materialize | table | table | the table, worked out once
max_of min_of | a, b... | as a | the largest, the smallest of the values
new_guid |  | guid | a new random identifier
next prev | column, offset?, otherwise? | as column | the value in a following, an earlier row
not | condition | bool | the contrary
now | offset? | datetime | the moment the query began
pack_all | without_empty? | dynamic | a bag of all columns of the row
pack_array | value... | dynamic | an array of the values
parse_command_line | text, "windows" | dynamic | the words of a command
parse_csv | text | dynamic | the fields of the first record
parse_ipv4 | text | long | the address as a number
parse_ipv6 | text | string | the address in full
parse_ipv4_mask parse_ipv6_mask | text, bits | as named | the address cut to its first bits
parse_json parsejson todynamic toobject | text | dynamic | the JSON in the text; the text itself when it is none
parse_path | text | dynamic | the parts of a file's path
parse_url | text | dynamic | the parts of an address
parse_urlquery | text | dynamic | the parameters of an address
parse_user_agent parse_xml | text | dynamic | refused, with advice
parse_version | text | decimal | a version as a number that compares
pi |  | real | the number
pow | base, exponent | real | the power
rand | n? | real | a random number from 0 to 1, or a whole one below n
range | first, last, step? | dynamic | the array of values from first to last
regex_quote | text | string | an expression that matches the text itself
repeat | value, count | dynamic | an array of the value
replace | regex, rewrite, text | string | the old order of replace_regex
replace_regex | text, regex, rewrite | string | every match rewritten; \\1 is the first group
replace_string | text, search, rewrite | string | every occurrence rewritten
replace_strings | text, searches, rewrites | string | all of them rewritten in one pass
reverse | text | string | the letters from last to first
round | x, places? | real | to so many places
row_cumsum | column, restart? | as column | the sum so far, in the order the rows stand, anew where restart holds
row_number | first?, restart? | long | the number of the row, in the order the rows stand, anew where restart holds
row_rank_dense row_rank_min | column, restart? | long | the rank of the row by the changes of the column, in the order the rows stand
row_window_session | column, longest, gap, restart? | as column | the column where the session of the row began
set_difference set_intersect set_union | array, array... | dynamic | the elements, each once
set_has_element | array, value | bool | whether the array has the value
series_abs series_acos series_asin series_atan series_ceiling series_cos series_exp series_floor series_log series_sign series_sin series_tan | series | dynamic | that function of every element
series_add series_divide series_multiply series_pow series_subtract | a, b | dynamic | the elements of both at each place put together
series_cosine_similarity series_dot_product series_pearson_correlation | a, b | real | how much two series are alike
series_decompose series_decompose_anomalies series_decompose_forecast series_outliers series_periods_detect series_periods_validate | series | dynamic | refused: how Microsoft does it is not published
series_equals series_greater series_greater_equals series_less series_less_equals series_not_equals | a, b | dynamic | the elements of both compared at each place
series_fill_backward series_fill_forward | series, missing? | dynamic | missing elements get the value of the nearest after, before them
series_fill_const | series, constant, missing? | dynamic | missing elements get the constant
series_fill_linear | series, missing?, edges?, constant? | dynamic | missing elements get what a straight line between their neighbours says
series_fir | series, filter, normalise?, centre? | dynamic | each element as the weighted sum of those before it, or around it
series_fit_line | series | columns | rsquare, slope, variance, rvariance, interception and line_fit of the straight line nearest to the series
series_fit_line_dynamic series_stats_dynamic | series | dynamic | the same as one bag
series_magnitude series_product series_sum | series | real | one number of all elements
series_seasonal | series, period | dynamic | the median of each place in the period
series_stats | series | columns | min, min_idx, max, max_idx, avg, stdev and variance
sign | x | long | -1, 0 or 1
split | text, delimiter, index? | dynamic | the parts of the text
sqrt | x | real | the square root
startofday startofmonth startofweek startofyear | moment, offset? | datetime | the beginning of the day, month, week or year
strcat | value... | string | the texts joined
strcat_array | array, delimiter | string | the elements joined
strcat_delim | delimiter, value... | string | the texts joined with something between
strcmp | a, b | long | -1, 0 or 1 as the texts are in order
string_size | text | long | bytes of the text
strlen | text | long | letters of the text
strrep | text, count, between? | string | the text so many times
substring | text, start, length? | string | a part of the text, counted from 0
tobool toboolean | value | bool | the value as true or false
todatetime | value | datetime | the value as a moment
todecimal todouble toreal | value | real | the value as a number
toguid | value | guid | the value as an identifier
tohex | x, least? | string | the number in hexadecimal
toint tolong toint64 | value | long | the value as a whole number
tolower toupper | text | string | the text in small, in capital letters
toscalar | table | as column | the first column of the first row
tostring | value | string | the value as text
totimespan | value | timespan | the value as a span
translate | from, to, text | string | letters changed one for one
trim trim_end trim_start | regex, text | string | the text without what matches at its ends
unicode_codepoints_from_string to_utf8 | text | dynamic | the numbers of the letters
unicode_codepoints_to_string make_string | number... | string | the letters of the numbers
unixtime_microseconds_todatetime unixtime_milliseconds_todatetime unixtime_nanoseconds_todatetime unixtime_seconds_todatetime | x | datetime | the moment so long after 1970
url_decode | text | string | the address decoded
url_encode url_encode_component | text | string | the text encoded for an address
week_of_year weekofyear | moment | long | the ISO week
zip | array, array... | dynamic | arrays of the elements at each place
"""

AGGREGATES = """
any | column... | as column | the column of any row, prefixed any_
anyif take_anyif | column, condition | as column | the column of any row that fulfils the condition
arg_max argmax arg_min argmin | by, column... | as columns | the row in which `by` is largest, smallest
avg avgif | x, condition? | real | the mean
binary_all_and binary_all_or binary_all_xor | x | long | bit by bit over all rows
count |  | long | how many rows
count_distinct count_distinctif dcount dcountif | x, condition? | long | how many different values, exactly
covariance covarianceif covariancep covariancepif | x, y, condition? | real | how two columns go together, of a sample, of all
countif | condition | long | how many rows fulfil the condition
make_bag make_bag_if make_dictionary | bag, condition? | dynamic | one bag of all
make_list make_list_if makelist | x, condition?, most? | dynamic | the values, nulls left out
make_list_with_nulls | x | dynamic | the values, nulls too
make_set make_set_if makeset | x, condition?, most? | dynamic | the different values; arrays are taken apart
max maxif min minif | x, condition? | as x | the largest, the smallest value
percentile | x, share | as x | the value below which so many percent lie
percentiles | x, share... | as x | a column for each share
percentiles_array | x, share... | dynamic | one array of the values at each share
percentilesw percentilesw_array percentilew | x, weight, share... | as x | the same, each value counted as often as its weight says
stdev stdevif stdevp | x, condition? | real | the standard deviation of a sample, of all
sum sumif | x, condition? | as x | the sum
take_any | column... | as column | the columns of any row
variance varianceif variancep variancepif | x, condition? | real | the variance of a sample, of all
"""

OPERATORS = """
as | Name | table | the rows so far under a name
count |  | table | how many rows there are
datatable | (name: type, ...) [values] | table | rows written in the query
distinct | columns | table | each combination once
evaluate | plugin(...) | table | a plugin by name
extend | name = value, ... | table | further columns
externaldata | (name: type, ...) ["address"] | table | a list an administrator pinned to the address; never fetched
find | in (table, ...) where condition | table | rows of several tables, in the columns they share
getschema |  | table | the columns as rows
invoke | function(...) | table | a function over the rows
join | kind=inner (table) on column | table | rows of two tables with equal keys
let | name = value; | statement | a name for a value, a table or a function
lookup | (table) on column | table | columns of another table beside the rows
make-series | aggregate on column from a to b step c by keys | table | arrays of one value a step
mv-apply | column on (steps) | table | steps over the elements of an array, row by row
mv-expand mvexpand | column | table | a row for each element of an array
order sort | by column asc, ... | table | rows in an order
parse | text with pattern | table | columns out of a text
parse-kv | text as (name: type, ...) | table | columns out of key=value pairs
parse-where | text with pattern | table | as parse, for rows that fit
partition | by column (steps) | table | steps over the rows of each value
print | value, ... | table | one row of values
project | column, ... | table | exactly these columns
project-away | column, ... | table | all columns but these
project-by-names | "name", ... | table | the columns of these names, lists of names and patterns
project-keep | column, ... | table | these columns in their order
project-rename | new = old, ... | table | other names
project-reorder | column, ... | table | these columns first
range | name from a to b step c | table | a row for each value
render | chart | table | how to draw the rows
sample | count | table | so many rows, any
sample-distinct | count of column | table | so many different values
search | "text" | table | rows in which some text has it
serialize | name = value, ... | table | the order of the rows stands
summarize | aggregate by keys | table | rows in groups
limit take | count | table | so many rows
top | count by column | table | the first rows in an order
top-nested | count of column by aggregate, ... | table | the values with the largest aggregate, level within level
union | table, ... | table | all rows of all tables
filter where | condition | table | rows that fulfil the condition
"""

KEYWORDS = """
and or | condition | bool | both hold, one of the two holds
asc desc | | order | the smallest, the largest first
between | (low .. high) | bool | lies in a range, its ends included
by | column, ... | groups | groups of these
contains contains_cs | text | bool | has this text anywhere; with _cs the case counts
endswith endswith_cs | text | bool | ends with this text
false true | | bool | no, yes
has has_cs | text | bool | has this as a whole word
has_all has_any | (text, ...) | bool | has all, has one of these words
hasprefix hassuffix | text | bool | has a word that begins, that ends so
in in~ | (value, ...) | bool | is one of these values; with ~ the case does not count
kind | = inner | option | which rows a join keeps, which parts a union shows
matches | regex "expression" | bool | fits a regular expression
on | column, ... | keys | the keys of a join
startswith startswith_cs | text | bool | begins with this text
"""
"""Words inside a step: what they take, what they mean."""

PLUGINS = """
bag_unpack | column, prefix?, columnsConflict?, ignoredProperties? | table | a column for each key of a bag
ipv4_lookup ipv6_lookup | table, address, network, column..., return_unmatched? | table | rows with the networks that hold their address
pivot | column, aggregate?, key... | table | a column for each value
rows_near | condition, before, after? | table | rows that fulfil the condition, and those near them
"""
