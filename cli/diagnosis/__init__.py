"""Why a deployment does not serve: evidence from AWS's own APIs, joined into one cause and one next step.

It reads and changes nothing. It does not know which AWS answers.
"""
