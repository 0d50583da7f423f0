# SPDX-License-Identifier: Apache-2.0
orrery_decoder(cpu/x86/decode cpu/x86/*.decode)
orrery_profiles(cpu/x86 x86_profile_list)
