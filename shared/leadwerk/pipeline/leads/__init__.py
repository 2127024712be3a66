"""What the warehouse knows of leads as of a moment: features, facts for points, circumstances."""
