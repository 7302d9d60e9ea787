# What nvdisasm -c printed of a file's kernels, as a line for each: global loads and stores, how many of them take
# 16 bytes at once, asynchronous copies, accesses to local memory (spills too), FFMA, matrix instructions,
# barriers; then the length of the main loop, which is the innermost one with the most arithmetic, and the share of
# FFMA in it. Status 1 where a kernel touches local memory. awk -v architecture=90a -f sass_summary.awk FILE.sass

function print_kernel(    i, work, most, main, share) {
  if (name == "") return
  most = 0
  for (i = 1; i <= loops; i++) {
    work = fused[last[i]] - fused[first[i]] + matrix[last[i]] - matrix[first[i]]
    if (work > most) { most = work; main = i }
  }
  share = "-"
  if (most) share = sprintf("%.0f%%", 100 * (fused[last[main]] - fused[first[main]]) / (last[main] - first[main]))
  printf "%-4s %5d %5d %5d %5d %5d %5d %6d %5d %4d %5s %5s  %s\n", architecture, loads, wide_loads, stores, wide_stores,
         copies, locals, fused[count] + 0, matrix[count] + 0, barriers, most ? last[main] - first[main] : "-", share, name
  if (locals) found = 1
}

/^\.text\.[^ ]*:$/ {
  print_kernel()
  name = substr($0, 7, length($0) - 7)
  count = loops = loads = wide_loads = stores = wide_stores = copies = locals = barriers = 0
  split("", fused); split("", matrix); split("", place)
  next
}
/^\.L[^ ]*:$/ { place["(" substr($0, 1, length($0) - 1) ")"] = count; next }

# /*0850*/  @P0 LDG.E.128 R32, desc[UR8][R4.64] ;
$1 ~ /^\/\*[0-9a-f]+\*\/$/ {
  code = $2 ~ /^@/ ? $3 : $2
  count++
  fused[count] = fused[count - 1] + (code ~ /^FFMA/)
  matrix[count] = matrix[count - 1] + (code ~ /^(HMMA|HGMMA|QGMMA|IMMA|IGMMA|DMMA)/)
  if (code ~ /^LDG(\.|$)/) { loads++; wide_loads += code ~ /\.128/ }
  if (code ~ /^STG(\.|$)/) { stores++; wide_stores += code ~ /\.128/ }
  if (code ~ /^(LDGSTS|UBLKCP|UTMALDG|UTMASTG)/) copies++
  if (code ~ /^(LDL|STL)(\.|$)/) locals++
  if (code ~ /^BAR(\.|$)/) barriers++
  # A branch back closes a loop; one that encloses another is not the innermost.
  if (code ~ /^U?BRA/ && match($0, /\(\.L[^)]*\)/)) {
    target = substr($0, RSTART, RLENGTH)
    if (target in place && place[target] < count) {
      innermost = 1
      for (i = 1; i <= loops; i++) if (first[i] >= place[target]) innermost = 0
      if (innermost) { loops++; first[loops] = place[target]; last[loops] = count }
    }
  }
}

END { print_kernel(); exit found }
