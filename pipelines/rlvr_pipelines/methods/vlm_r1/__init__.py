"""VLM-R1 (arXiv 2504.07615): referring expressions and open-vocabulary detection with 3B parameters.

om-ai-lab/VLM-R1 @ 90052f4.  Reproduce on a laptop:  rlvr run vlm_r1

| variant | trains on | what differs |
|---|---|---|
| `vlm_r1` | RefCOCO, RefCOCO+, RefCOCOg | the script at the last commit: IoU as reward, boxes scaled to the picture |
| `rec_strict` | the same | a reward that reads one JSON box alone |
| `rec_v0_1` | the same | v0.1.0: 1 for IoU above 0.5, no scaling |
| `rec_lora` | the same | adapters, vision tower frozen |
| `rec_internvl` | the same in thousandths | InternVL2.5-4B-MPO |
| `ovd` | D3 | mAP less for too many boxes (odLength), no KL term |
| `ovd_map`, `ovd_ap50`, `ovd_weighted_sum` | D3 | the paper's and the blog's other rewards |
| `ovd_strict` | D3 | a reward that wants the list alone |
| `gui` | screens before and after an operation | two pictures a row, answers compared as text |
| `general` | rows of your own | every row names the rule that scores it |
"""

from rlvr_pipelines.methods.vlm_r1.detection import OVD, OVD_AP50, OVD_MAP, OVD_STRICT, OVD_WEIGHTED
from rlvr_pipelines.methods.vlm_r1.referring import FIRST_RELEASE, INTERNVL, LORA, METHOD, STRICT
from rlvr_pipelines.methods.vlm_r1.rows import GUI_DEFECTS, OWN_ROWS

METHODS = (
    METHOD,
    STRICT,
    FIRST_RELEASE,
    LORA,
    INTERNVL,
    OVD,
    OVD_MAP,
    OVD_AP50,
    OVD_WEIGHTED,
    OVD_STRICT,
    GUI_DEFECTS,
    OWN_ROWS,
)
"""All variants, the principal one first."""
