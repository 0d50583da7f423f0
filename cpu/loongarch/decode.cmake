# SPDX-License-Identifier: Apache-2.0
orrery_decoder(cpu/loongarch/decode cpu/loongarch/*.decode)
orrery_profiles(cpu/loongarch la_profile_list)
