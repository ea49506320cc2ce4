"""What runs now and what it costs, asked from AWS's own APIs and priced by the model's dated prices.

It reads and changes nothing. It does not know which AWS answers.
"""
