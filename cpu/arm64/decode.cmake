# SPDX-License-Identifier: Apache-2.0
orrery_decoder(cpu/arm64/decode cpu/arm64/*.decode)
foreach(name a32 t32 t16 vfp) # AArch32: decoders of their own
  orrery_decoder(cpu/arm64/a32/${name} cpu/arm64/a32/${name}.decode)
endforeach()
orrery_profiles(cpu/arm64 a64_profile_list)
